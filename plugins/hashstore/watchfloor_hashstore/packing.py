"""Packing in processes of their own: pages go there, buckets come back."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.layout import WIDTH
from watchfloor_hashstore.rows import Packer, Row, rows_of
from watchfloor_hashstore.store import Store

_FEW = 50_000
_MOST_BUCKETS = 2_000_000  # that wait in the memory of one process, some 200 bytes each


def processes() -> int:
    """How many processes pack: one a core, as far as that helps."""
    return max(1, min(4, os.cpu_count() or 1))


class Packing:
    """Hands out pages in turn; writes to the store what comes back."""

    def __init__(self, store: Store, traffic: Mapping[str, str], count: int) -> None:
        self._store = store
        self._turn = 0
        self._lock = threading.Lock()
        self._problem: BaseException | None = None
        self.entries = 0
        spawned = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._sending = [threading.Lock() for _ in range(count)]
        self._processes = []
        self._threads = []
        for turn in range(count):
            here, there = spawned.Pipe()
            process = spawned.Process(target=_work, args=(there, store.bits, dict(traffic)), daemon=True)
            process.start()
            there.close()
            thread = threading.Thread(target=self._serve, args=(here, turn), daemon=True)
            thread.start()
            self._pipes.append(here)
            self._processes.append(process)
            self._threads.append(thread)

    def send(self, page: tuple[str, int] | list[Row]) -> None:
        """Have a page packed: its text and number of rows, or the rows."""
        self.check()
        self._turn = (self._turn + 1) % len(self._pipes)
        try:
            with self._sending[self._turn]:
                self._pipes[self._turn].send(page)
        except OSError as error:
            self.check()
            raise HashstoreError("a process of the import died: run it again") from error

    def check(self) -> None:
        """Raise what went wrong in the background."""
        if self._problem:
            raise self._problem

    def finish(self) -> None:
        """Wait until everything is in the store."""
        for pipe, sending in zip(self._pipes, self._sending, strict=True):
            with sending:
                pipe.send(None)
        for thread in self._threads:
            thread.join()
        self.check()

    def stop(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
        for process, thread, pipe in zip(self._processes, self._threads, self._pipes, strict=True):
            process.join()
            thread.join()
            pipe.close()
            process.close()

    def _serve(self, pipe: Connection, turn: int) -> None:
        """Answer one process: the number of a name it met, and a place for what it packed."""
        try:
            while (said := pipe.recv()) is not None:
                if isinstance(said, tuple):
                    with self._lock:
                        number = self._store.number(*said)
                    with self._sending[turn]:
                        pipe.send(number)
                else:
                    self._write(said)
        except EOFError:
            self._problem = self._problem or HashstoreError("a process of the import died: run it again")
        except Exception as error:  # noqa: BLE001 (it is raised by `check`, in the thread that imports)
            self._problem = error

    def _write(self, shards: dict[int, dict[bytes, bytes]]) -> None:
        self._store.append(shards)
        with self._lock:
            self.entries += sum(len(e) // WIDTH for fields in shards.values() for e in fields.values())


class Here:
    """Packs in this process: for few attributes, which others would not have started for."""

    def __init__(self, store: Store, traffic: Mapping[str, str]) -> None:
        self._store = store
        self._packer = Packer(store.bits, store.number, traffic)

    def send(self, page: tuple[str, int] | list[Row]) -> None:
        """Pack a page: its text and number of rows, or the rows."""
        self._packer.take(rows_of(*page) or () if isinstance(page, tuple) else page)

    def finish(self) -> None:
        """Write everything to the store."""
        self._store.append(self._packer.flush())

    @property
    def entries(self) -> int:
        """How many entries are in the store."""
        return self._packer.entries


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


def _work(pipe: Connection, bits: int, traffic: Mapping[str, str]) -> None:
    """The other process: pack pages until there are no more."""
    waiting: list[Any] = []

    def number(kind: str, name: str) -> int:
        pipe.send((kind, name))
        # Pages that were sent before the answer come first.
        while not isinstance(said := pipe.recv(), int):
            waiting.append(said)
        return said

    packer = Packer(bits, number, traffic)
    try:
        while (page := waiting.pop(0) if waiting else pipe.recv()) is not None:
            packer.take(rows_of(*page) or () if isinstance(page, tuple) else page)
            if packer.size > _MOST_BUCKETS:
                pipe.send(packer.flush())
        pipe.send(packer.flush())
        pipe.send(None)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
