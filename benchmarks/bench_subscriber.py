"""The subscriber against a publisher that sends as fast as it can, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.common import Bench, Row, bench, cpu_seconds, free_port, until, watchfloor
from watchfloor.store.keys import FEED_STATS, STREAM

COUNT = 300_000
FEED = "bench"
PUBLISHER = """
import sys, time
from itertools import cycle, islice
from watchfloor.simulate import Publisher
from benchmarks.common import messages
frames = messages(20_000)
with Publisher(sys.argv[1], high_water_mark=0, linger=60) as publisher:
    publisher.wait_for_subscriber(60)
    sys.stdin.read(1)
    began = time.perf_counter()
    for message in islice(cycle(frames), int(sys.argv[2])):
        publisher.send(message)
    print(time.perf_counter() - began, flush=True)
    sys.stdin.read()
"""


def run() -> list[Row]:
    """Messages a second into the stream, and how many were lost."""
    with bench() as place:
        port = free_port()
        feeds = f"feeds=[{{name: {FEED}, url: 'tcp://127.0.0.1:{port}'}}]"
        with (
            watchfloor(*place.options, "--set", feeds, "subscribe") as subscriber,
            _publisher(port) as publisher,
        ):
            until(lambda: place.redis.hget(FEED_STATS(feed=FEED), "connection") == b"connected")
            return _measure(place, publisher, subscriber.pid)


def _publisher(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PUBLISHER, f"tcp://127.0.0.1:{port}", str(COUNT)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _measure(place: Bench, publisher: subprocess.Popen[str], pid: int) -> list[Row]:
    assert publisher.stdin
    assert publisher.stdout
    cpu = cpu_seconds(pid)
    began = time.perf_counter()
    publisher.stdin.write("g")
    publisher.stdin.flush()
    sending = float(publisher.stdout.readline())
    until(lambda: _received(place) >= COUNT or time.perf_counter() - began > 60)
    seconds = time.perf_counter() - began
    cpu = cpu_seconds(pid) - cpu
    received, stored = _received(place), place.redis.xlen(STREAM(feed=FEED))
    publisher.stdin.close()
    return [
        Row("subscriber", f"{received / seconds:,.0f} messages/s",
            f"publisher sent {COUNT / sending:,.0f}/s; it used {cpu / seconds:.0%} of a core"),
        Row("lost", f"{COUNT - stored:,} of {COUNT:,}"),
    ]  # fmt: skip


def _received(place: Bench) -> int:
    return int(place.redis.hget(FEED_STATS(feed=FEED), "messages") or 0)
