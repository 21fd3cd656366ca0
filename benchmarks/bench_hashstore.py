"""The hash store: import, size, lookups by Redis, HTTP and file, live upkeep.

`WATCHFLOOR_BENCH_ATTRIBUTES` sets how many attributes there are (a million).
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import msgspec

from benchmarks.common import Bench, Row, bench, cpu_seconds, free_port, messages, until, watchfloor
from benchmarks.misp import misp
from watchfloor.simulate import Message
from watchfloor.store.keys import WORKER_STATS
from watchfloor.store.streams import Appender
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.importing import Summary, import_misp
from watchfloor_hashstore.keys import NOTED
from watchfloor_hashstore.own_keys import OwnKey, create
from watchfloor_hashstore.portable.archive import Archive
from watchfloor_hashstore.portable.many import hashes_of
from watchfloor_hashstore.portable.reading import How, asked
from watchfloor_hashstore.settings import Settings

COUNT = int(os.environ.get("WATCHFLOOR_BENCH_ATTRIBUTES", "1000000"))
BATCH = 10_000
BATCHES = 40
TOGETHER = 5000  # values that a command looks up together
LINES = 1_000_000
SINGLES = 6000
CONNECTIONS = 16
UPKEEP = 60_000
BLOCK = 5000
ROUNDS = 5


def run() -> list[Row]:
    """Each figure with the processor time behind it, which tells what a busy machine hides."""
    rows: list[Row] = []
    with bench() as place, misp(COUNT) as database:
        settings = msgspec.convert({"mysql": database.settings("misp")}, Settings)
        rows += _import(place, settings, database.process.pid)
        rows += _file(place)
        rows += _http(place)
    return rows + _upkeep()


def _used(place: Bench) -> int:
    return int(place.redis.info("memory")["used_memory"])


def _import(place: Bench, settings: Settings, mysql: int) -> list[Row]:
    before, began, spent = _used(place), time.perf_counter(), cpu_seconds(mysql)
    times = os.times()
    summary: Summary = import_misp(place.redis, settings, lambda *_: None)
    seconds = time.perf_counter() - began
    after = os.times()
    python = sum(after[:4]) - sum(times[:4])
    count = summary.attributes
    server = cpu_seconds(mysql) - spent
    share = f"Python {1e6 * python / count:.1f} µs an attribute, MariaDB {1e6 * server / count:.1f}"
    return [
        Row("import", f"{count / seconds:,.0f} attributes/s", f"{count:,} in {seconds:.1f} s; {share}"),
        Row("bytes an entry in Redis", f"{(_used(place) - before) / summary.entries:.1f}",
            f"{summary.entries:,} entries, audiences included"),
    ]  # fmt: skip


def _values(rng: random.Random, count: int) -> list[str]:
    """What a log holds: addresses and names, next to none of which is known."""
    return [
        f"x{rng.randrange(10**9)}.example" if n % 3 else ".".join(str(rng.randrange(256)) for _ in range(4))
        for n in range(count)
    ]


def _file(place: Bench) -> list[Row]:
    out, large = place.folder / "export.wfh", place.folder / "values"
    large.write_text("\n".join(_values(random.Random(3), LINES)), encoding="ascii")
    rows = []
    for key, name in ((b"", "an export"), (bytes(range(32)), "an export with a key")):
        labels = export(place.redis, Scope(3, "organisation 3"), out, lambda *_: None, key)
        with Archive(out, key) as archive:
            one, shared = _most(partial(_looked_up, archive)), _most(partial(_read, archive, large))
        size = out.stat().st_size / labels["entries"]
        rows += [
            Row(f"bytes an entry in {name}", f"{size:.1f}", f"{labels['entries']:,} entries"),
            Row(f"lookups in {name}", f"{one:,.0f} values/s", f"one process; the most of {ROUNDS} rounds"),
            Row(f"a large file against {name}", f"{shared:,.0f} values/s",
                f"{LINES:,} lines, read and looked up by a process a core; likewise"),
        ]  # fmt: skip
    return rows


def _most(measured: Callable[[], float]) -> float:
    """The most of several rounds: a busy machine can only make it less."""
    return max(measured() for _ in range(ROUNDS))


def _looked_up(archive: Archive) -> float:
    """Values a second, hashing included."""
    values = _values(random.Random(2), 200_000)
    began = time.perf_counter()
    for start in range(0, len(values), TOGETHER):
        archive.find_many(hashes_of(values[start : start + TOGETHER]))
    return len(values) / (time.perf_counter() - began)


def _read(archive: Archive, large: Path) -> float:
    """Values of a file a second."""
    with large.open("rb") as stream:
        began = time.perf_counter()
        for _ in asked(How(), [], [], [stream], archive.answers):
            pass
        return LINES / (time.perf_counter() - began)


def _http(place: Bench) -> list[Row]:
    key, port = create(place.redis, OwnKey("bench", 3)), free_port()
    options = ("--set", f"web.port={port}", "--set", "plugins={hashstore: {}}", "--set", "feeds=[]")
    with watchfloor(*place.options, *options, "serve") as web:
        until(lambda: _open(port))
        rng = random.Random(1)
        bodies = [json.dumps(_values(rng, BATCH)).encode() for _ in range(4)]
        _post(HTTPConnection("127.0.0.1", port), key, bodies[0])
        once, often = (
            _timed(web.pid, partial(_batches, port, key, bodies, connections), BATCH * BATCHES)
            for connections in (1, 4)
        )
        singles = _timed(web.pid, partial(_singles, port, key), SINGLES)
        return [
            Row("lookups over HTTP", f"{once[0]:,.0f} values/s",
                f"batches of {BATCH:,}, one connection; web process {once[1]:.2f} µs a value"),
            Row("lookups over HTTP", f"{often[0]:,.0f} values/s",
                f"batches of {BATCH:,}, four connections; web process {often[1]:.2f} µs a value"),
            Row("single lookups", f"{singles[0]:,.0f} requests/s",
                f"{CONNECTIONS} connections, one web process; {singles[1]:.0f} µs of it a request"),
        ]  # fmt: skip


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _timed(pid: int, work: Callable[[], object], count: int) -> tuple[float, float]:
    """How many a second, and microseconds of a process for each."""
    spent, began = cpu_seconds(pid), time.perf_counter()
    work()
    return count / (time.perf_counter() - began), 1e6 * (cpu_seconds(pid) - spent) / count


def _post(connection: HTTPConnection, key: str, body: bytes) -> None:
    connection.request(
        "POST", "/hashstore/lookup", body, {"authorization": key, "content-type": "application/json"}
    )
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(answer.read().decode())
    answer.read()


def _batches(port: int, key: str, bodies: list[bytes], connections: int) -> None:
    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", port)
        for n in range(BATCHES // connections):
            _post(connection, key, bodies[n % len(bodies)])

    _beside(connections, ask)


def _singles(port: int, key: str) -> None:
    _beside(CONNECTIONS, lambda: _ask(port, key, SINGLES // CONNECTIONS))


def _beside(count: int, work: Callable[[], object]) -> None:
    """So many times at once."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(port: int, key: str, count: int) -> None:
    body = b'["evil.example"]'
    head = f"POST /hashstore/lookup HTTP/1.1\r\nHost: x\r\nauthorization: {key}\r\n"
    rest = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    request = (head + rest).encode() + body
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(count):
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)


def _upkeep() -> list[Row]:
    """What the hash store adds to a worker: two workers in turns, as the machine is not always as fast."""
    blocks = list(_batched(messages(UPKEEP), BLOCK))
    rows = []
    for others in (("activity", "trendings"), ("trendings",)):
        with _worker(*others) as without, _worker(*others, "hashstore") as beside:
            spent = [[one(block) for one in (without, beside)] for block in blocks][1:]  # the first warms up
        sums = [sum(column) for column in zip(*spent, strict=True)]
        count = sum(map(len, blocks[1:]))
        costs = " and ".join(f"{1e6 * one / count:.0f}" for one in sums)
        rows.append(
            Row(
                f"live upkeep beside {' and '.join(others)}",
                f"{100 * (sums[1] / sums[0] - 1):.0f} % more of the worker",
                f"{costs} µs a message; {len(spent)} times {BLOCK:,} messages to one worker and the other",
            )
        )
    return rows


@contextmanager
def _worker(*plugins: str) -> Iterator[Callable[[Sequence[Message]], float]]:
    """A function that has a worker with these plugins work off messages: its seconds of processor time."""
    chosen = f"plugins={{{', '.join(f'{name}: {{}}' for name in plugins)}}}"
    with bench() as place, watchfloor(*place.options, "--set", chosen, "work") as worker:
        done = 0

        def work_off(group: Sequence[Message]) -> float:
            nonlocal done
            spent, done = cpu_seconds(worker.pid), done + len(group)
            _append(place, group)
            until(lambda: int(place.redis.hget(WORKER_STATS(), "messages") or 0) >= done)
            until(lambda: not place.redis.xlen(NOTED()))  # what is brought in after the last batch counts too
            return cpu_seconds(worker.pid) - spent

        yield work_off


def _append(place: Bench, group: Sequence[Message]) -> None:
    with Appender(place.redis, "bench", 6.0) as appender:
        for some in _batched(group, 500):
            appender.append([(one.frame, one.time) for one in some])


def _batched(items: Sequence[Message], size: int) -> Iterator[Sequence[Message]]:
    """Items in groups of so many."""
    return (items[start : start + size] for start in range(0, len(items), size))
