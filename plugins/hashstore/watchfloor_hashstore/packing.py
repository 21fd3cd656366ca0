"""Packing in processes of their own: pages go there, buckets come back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from queue import Queue
from typing import Any

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.layout import SHARDS, WIDTH
from watchfloor_hashstore.rows import Buckets, Packer, Page, rows_of
from watchfloor_hashstore.store import Store

_FEW = 50_000
_MOST = 2_000_000  # entries that wait in the memory of one process, 70 to 200 bytes each
_SHARDS_AT_ONCE = 8
# Without the package's own `__init__`, which imports all of Watchfloor: that takes longer than packing does.
_PROGRAM = """
import sys, types
package = sys.modules["watchfloor_hashstore"] = types.ModuleType("watchfloor_hashstore")
package.__path__ = [sys.argv[1]]
from watchfloor_hashstore.packer import work
work(int(sys.argv[2]))
"""


def processes() -> int:
    """How many processes pack: one a core, as far as that helps."""
    return max(1, min(4, os.cpu_count() or 1))


class Process:
    """A packing process, and the pipe to it. HashstoreError when it is no more."""

    def __init__(self) -> None:
        self._pipe, there = Pipe()
        options = [str(Path(__file__).parent), str(there.fileno())]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, *options],
            stdin=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
        )
        there.close()

    def send(self, what: object) -> None:
        """Send it something."""
        try:
            self._pipe.send(what)
        except OSError as error:
            raise _died() from error

    def receive(self) -> Any:
        """What it says next."""
        try:
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _died() from error

    def stop(self) -> None:
        """End it; who waits for what it says is told so."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Give the pipe back, when nobody waits at it any more; the process ends by that as well."""
        self._pipe.close()


def _died() -> HashstoreError:
    return HashstoreError("a process of the import died, perhaps for want of memory: run it again")


class Packing:
    """Hands pages to processes, and writes to the store what they made of them.

    They keep it until all is read, or too much waits: a bucket that is written once costs Redis a tenth of
    one that grows.
    """

    def __init__(self, store: Store, traffic: Mapping[str, str], count: int) -> None:
        self._store = store
        self._pages: Queue[Page | None] = Queue(2 * count)
        self._lock = threading.Lock()
        self._problem: BaseException | None = None
        self._full = False
        self._threads: list[threading.Thread] = []
        self.entries = 0
        self._processes = [Process() for _ in range(count)]
        try:
            for process in self._processes:
                process.send((store.bits, dict(traffic)))
        except HashstoreError:
            self.stop()
            raise
        self._feed()

    def send(self, page: Page) -> None:
        """Have a page packed."""
        if self._full:
            self._flush()
            self._feed()
        self._check()
        self._pages.put(page)

    def finish(self) -> None:
        """Wait until everything is in the store."""
        self._flush()

    def stop(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.stop()
        self._starve()
        for process in self._processes:
            process.close()

    def _check(self) -> None:
        """Raise what went wrong in the background."""
        if self._problem:
            raise self._problem

    def _feed(self) -> None:
        """A thread for each process keeps it busy."""
        self._threads = [
            threading.Thread(target=self._serve, args=(one,), daemon=True) for one in self._processes
        ]
        for thread in self._threads:
            thread.start()

    def _starve(self) -> None:
        """End these threads, when all pages are packed."""
        for _ in self._threads:
            self._pages.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _serve(self, process: Process) -> None:
        pages: Iterator[Page] = iter(self._pages.get, None)
        try:
            self._converse(process, pages)
        except Exception as error:  # noqa: BLE001 (it is raised in the thread that imports)
            self._problem = self._problem or error
            deque(pages, maxlen=0)  # nobody is to wait for room

    def _converse(self, process: Process, pages: Iterator[Page]) -> None:
        """While it packs a page, the next one waits in its pipe."""
        ahead = 0
        for page in pages:
            process.send(page)
            ahead += 1
            if ahead > 1:
                self._answered(process)
                ahead -= 1
        if ahead:
            self._answered(process)

    def _answered(self, process: Process) -> None:
        """Tell it numbers of names, until it has packed a page."""
        while isinstance(said := process.receive(), tuple):
            with self._lock:
                number = self._store.number(*said)
            process.send(number)
        self._full = self._full or said >= _MOST

    def _flush(self) -> None:
        """Write what waits in all processes, while the next shards are fetched from them."""
        self._starve()
        self._check()
        self._full = False
        for process in self._processes:
            process.send(None)
        writing: deque[Future[None]] = deque()
        with ThreadPoolExecutor(2) as writers:
            for start in range(0, SHARDS, _SHARDS_AT_ONCE):
                shards = {shard: self._gathered() for shard in range(start, start + _SHARDS_AT_ONCE)}
                if len(writing) > 1:
                    writing.popleft().result()
                writing.append(writers.submit(self._store.append, shards))
            for one in writing:
                one.result()

    def _gathered(self) -> Buckets:
        """The next shard, of all processes together."""
        first: Buckets
        first, *others = (process.receive() for process in self._processes)
        for other in others:
            for bucket, entries in other.items():
                first[bucket] = first[bucket] + entries if bucket in first else entries
        self.entries += sum(map(len, first.values())) // WIDTH
        return first


class Here:
    """Packs in this process: for few attributes, which others would not have started for."""

    def __init__(self, store: Store, traffic: Mapping[str, str]) -> None:
        self._store = store
        self._packer = Packer(store.bits, traffic, store.number)
        self.entries = 0

    def send(self, page: Page) -> None:
        """Pack a page."""
        self._packer.take(rows_of(page))
        if self._packer.waiting > _MOST:
            self.finish()

    def finish(self) -> None:
        """Write everything to the store."""
        self.entries += self._packer.waiting
        self._store.append({shard: found for shard, found in enumerate(self._packer.flush()) if found})


@contextmanager
def packing(store: Store, traffic: Mapping[str, str], attributes: int) -> Iterator[Packing | Here]:
    """What packs about so many attributes for a store: processes, which end with the block, or this one."""
    if attributes < _FEW:
        yield Here(store, traffic)
        return
    pool = Packing(store, traffic, processes())
    try:
        yield pool
    finally:
        pool.stop()
