"""One worker on the simulator's mix with some of the plugins and all, Redis on the same machine."""

from __future__ import annotations

import os
import signal
import time
from statistics import median

from benchmarks.common import Bench, Row, bench, memory, messages, until, watchfloor
from watchfloor.simulate import Message
from watchfloor.store.keys import WORKER_STATS
from watchfloor.store.streams import Appender

ROUNDS = 3
COUNT = 40_000
FEED = "bench"
SETS = (("trendings",), ("activity", "trendings"), ("activity", "trendings", "hashstore"))


def run() -> list[Row]:
    """Rows for each set of plugins."""
    return [row for plugins in SETS for row in _measure(plugins)]


def _measure(plugins: tuple[str, ...]) -> list[Row]:
    """Messages a second, Redis commands a message, and memory, over rounds of messages never seen before."""
    chosen = ("--set", f"plugins={{{', '.join(f'{name}: {{}}' for name in plugins)}}}")
    with bench() as place, watchfloor(*place.options, *chosen, "work") as worker:
        _append(place, messages(2000, seed=0))
        until(lambda: _done(place) >= 2000)
        rounds = [_round(place, messages(COUNT, seed), worker.pid) for seed in range(1, ROUNDS + 1)]
    rates, commands, sizes = zip(*rounds, strict=True)
    what = f"worker with {', '.join(plugins)}"
    between = f"{ROUNDS} rounds of {COUNT:,}: {min(rates):,.0f} to {max(rates):,.0f}"
    return [
        Row(what, f"{median(rates):,.0f} messages/s", between),
        Row(f"{what}: Redis commands a message", f"{max(commands):.2f}", "of batches; XADD not counted"),
        Row(
            f"{what}: memory",
            " MiB, ".join(f"{size / 2**20:.0f}" for size in sizes) + " MiB",
            "after each round",
        ),
    ]


def _append(place: Bench, past: list[Message]) -> None:
    with Appender(place.redis, FEED, 6.0) as appender:
        for start in range(0, len(past), 500):
            appender.append([(m.frame, m.time) for m in past[start : start + 500]])


def _done(place: Bench) -> int:
    return int(place.redis.hget(WORKER_STATS(), "messages") or 0)


def _round(place: Bench, past: list[Message], pid: int) -> tuple[float, float, int]:
    """The worker is paused while messages are appended, so that it has all of them at once."""
    before = _done(place)
    os.kill(pid, signal.SIGSTOP)
    _append(place, past)
    calls = _calls(place)
    os.kill(pid, signal.SIGCONT)
    began = time.perf_counter()
    until(lambda: _done(place) >= before + len(past))
    seconds = time.perf_counter() - began
    return len(past) / seconds, (_calls(place) - calls) / len(past), memory(pid)


def _calls(place: Bench) -> int:
    """Commands that the server has run, but for those of the benchmark itself (HGET in its polling)."""
    stats = place.redis.info("commandstats")
    return sum(
        int(entry["calls"]) for name, entry in stats.items() if name not in ("cmdstat_hget", "cmdstat_info")
    )
