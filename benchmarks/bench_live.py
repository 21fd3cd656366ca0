"""Browsers on the live stream of one web process: its CPU and memory, and how late items come."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

from benchmarks.common import Bench, Row, bench, cpu_seconds, free_port, memory, until, watchfloor
from watchfloor.store.keys import LIVE, LIVE_LAST

BROWSERS = (1000, 2000)
RATE = 20  # items a second
SECONDS = 15
REQUEST = b"GET /live?channels=trendings/tags HTTP/1.1\r\nHost: bench\r\n\r\n"
PADDING = "x" * 150


def run() -> list[Row]:
    """Rows for each number of browsers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return [row for count in BROWSERS for row in _measure(count)]


def _measure(count: int) -> list[Row]:
    port = free_port()
    options = ("--set", f"web.streams_per_client={count}")  # they all have the address of this machine
    with bench() as site, watchfloor(*site.options, *options, "serve", "--port", str(port)) as process:
        until(lambda: _listens(port))
        late, cpu = asyncio.run(_follow(site, process.pid, port, count))
        resident = memory(process.pid)
    what, expected = f"live stream, {count:,} browsers", count * RATE * SECONDS
    delays = f"{_share(late, 0.5):.0f} ms median, {_share(late, 0.99):.0f} ms p99"
    came = f"{len(late):,} of {expected:,} items came; all clients are one process on the same machine"
    return [
        Row(f"{what}: CPU", f"{cpu:.0%} of a core", f"{RATE} items a second for {SECONDS} s"),
        Row(f"{what}: memory", f"{resident / 2**20:.0f} MiB", "of the web process"),
        Row(f"{what}: published to received", delays, came),
    ]


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def _share(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] * 1000


class _Browser(asyncio.Protocol):
    """Asks for the stream and notes how late each item is."""

    def __init__(self, late: list[float], opened: list[int]) -> None:
        self._late = late
        self._opened = opened
        self._rest = b""

    def connection_made(self, transport: Any) -> None:
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self._rest and b"retry:" in data:
            self._opened[0] += 1
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._late += [now - json.loads(line[6:])["t"] for line in lines if line.startswith(b"data: {")]


async def _follow(site: Bench, pid: int, port: int, count: int) -> tuple[list[float], float]:
    """How late each item came to each browser, in seconds, and the share of a core that it took."""
    late: list[float] = []
    opened = [0]
    loop = asyncio.get_running_loop()
    browsers = [
        (await loop.create_connection(lambda: _Browser(late, opened), "127.0.0.1", port))[0]
        for _ in range(count)
    ]
    await _until(lambda: opened[0] == count)
    began, used = time.perf_counter(), cpu_seconds(pid)
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        _publish(site, number)
    await _until(lambda: len(late) >= count * RATE * SECONDS)
    cpu = (cpu_seconds(pid) - used) / (time.perf_counter() - began)
    for browser in browsers:
        browser.close()
    return late, cpu


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for a condition for ten seconds; what is missing then is missing in the table as well."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)


def _publish(site: Bench, number: int) -> None:
    entry = f"{number + 1}-0"
    data = json.dumps({"n": number, "t": time.time(), "padding": PADDING})
    with site.redis.pipeline(transaction=True) as pipe:
        pipe.execute_command(
            "XADD", LIVE(plugin="trendings", channel="tags"), "MAXLEN", 1000, entry, "d", data
        )
        pipe.set(LIVE_LAST(), entry)
        pipe.execute()
