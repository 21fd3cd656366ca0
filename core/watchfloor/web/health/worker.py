"""What the worker did, whether one is at work, and how far behind it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from watchfloor.health import Health
from watchfloor.store.keys import CURSORS, FAILURE_COUNTS, FEEDS, LEASE, STREAM, WORKER_STATS
from watchfloor.subscriber.states import number, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IN_TIME = 2.0  # seconds that a message may wait before the worker is said to be behind
_ACTIVITIES, _MICROSECONDS = "activities:", "microseconds:"


@dataclass(frozen=True)
class WorkerStatus:
    """The worker at one moment.

    `lags` tell for each feed how many seconds its oldest message waits, 0 when none does; `streams` how many
    messages its stream holds, those that were worked off a moment ago included. `failures` count by plugin
    and kind, `seconds` are those that each plugin's handlers took.
    """

    alive: bool = False
    messages: int = 0
    activities: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[tuple[str, str], int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    lags: Mapping[str, float] = field(default_factory=dict)
    streams: Mapping[str, int] = field(default_factory=dict)

    @property
    def behind(self) -> float:
        """How many seconds messages wait at most, 0 when that is no time."""
        longest = max(self.lags.values(), default=0.0)
        return longest if longest > IN_TIME else 0.0

    @property
    def failed(self) -> int:
        """How many failures there were."""
        return sum(self.failures.values())


async def read_worker(redis: Any, feeds: Sequence[str]) -> WorkerStatus:
    """Ask Redis, in two round trips."""
    known = sorted({*feeds, *await redis.smembers(FEEDS())})
    cursors = await redis.hgetall(CURSORS())
    async with redis.pipeline(transaction=False) as pipe:
        pipe.exists(LEASE(name="worker"))
        pipe.hgetall(WORKER_STATS())
        pipe.hgetall(FAILURE_COUNTS())
        for feed in known:
            pipe.xrange(STREAM(feed=feed), "(" + str(cursors.get(feed, "0-0")), "+", count=1)
            pipe.xlen(STREAM(feed=feed))
        alive, stats, failures, *streams = await pipe.execute()
    now = time.time()
    return WorkerStatus(
        alive=bool(alive),
        messages=int(number(stats, "messages")),
        activities=_numbered(stats, _ACTIVITIES),
        failures=_failures(failures),
        seconds={name: us / 1e6 for name, us in _numbered(stats, _MICROSECONDS).items()},
        lags={feed: _lag(oldest, now) for feed, oldest in zip(known, streams[::2], strict=True)},
        streams=dict(zip(known, streams[1::2], strict=True)),
    )


def _numbered(stats: Mapping[str, str], prefix: str) -> dict[str, int]:
    found = {name.removeprefix(prefix): int(n) for name, n in stats.items() if name.startswith(prefix)}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _failures(counts: Mapping[str, str]) -> dict[tuple[str, str], int]:
    found = {}
    for name, count in counts.items():
        plugin, _, kind = name.rpartition(":")
        found[plugin, kind] = int(count)
    return found


def _lag(oldest: Sequence[tuple[str, object]], now: float) -> float:
    return max(0.0, now - int(oldest[0][0].partition("-")[0]) / 1000) if oldest else 0.0


def verdict(worker: WorkerStatus, far: float) -> Health:
    """Whether messages are worked off; behind by more than `far` seconds is failing."""
    if not worker.alive:
        return Health(
            "failing",
            "No worker is at work, so nothing is counted: start one with 'watchfloor work', or everything "
            "with 'watchfloor run'. What arrives meanwhile is kept.",
        )
    if worker.behind:
        text = f"Behind by {span(worker.behind)}: messages wait that long before they are counted."
        return Health("failing" if worker.behind > far else "warning", text)
    return Health("ok", "At work and up to date.")
