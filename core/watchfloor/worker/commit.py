"""One transaction for all that a batch came to: effects, failures, live items, counters, cursors.

The cursors move together with the effects, so a crash anywhere leaves all of it or nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from watchfloor.config import Settings
from watchfloor.store import failures
from watchfloor.store.failures import Failure
from watchfloor.store.keys import (
    ATTEMPTS,
    CURSORS,
    LIVE,
    LIVE_LAST,
    NAMES,
    SEEN,
    STREAM,
    TOUCHED,
    WORKER_STATS,
)
from watchfloor.store.lease import Lease
from watchfloor.store.writes import Merged
from watchfloor.worker.process import Outcome

FAILURES_A_BATCH = 200  # records; of the rest only the count is kept
SEEN_BUCKETS = 6


@dataclass
class LiveIds:
    """Ids of live items, one increasing sequence over all channels whatever the clock does, and their bursts.

    `last` is the newest id.
    """

    last: str
    _sent: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def admit(self, channel: tuple[str, str], items: int, burst: int) -> int:
        """Of so many items of a batch, how many a channel may send: `burst` a second, the newest always."""
        now = int(time.time())
        second, sent = self._sent.get(channel, (now, 0))
        sent = sent if second == now else 0
        admitted = min(items, max(1, burst - sent))
        self._sent[channel] = (now, sent + admitted)
        return admitted

    def take(self) -> str:
        """The next id."""
        ms, _, seq = self.last.partition("-")
        now = int(time.time() * 1000)
        self.last = f"{now}-0" if now > int(ms) else f"{ms}-{int(seq) + 1}"
        return self.last


def seen_bucket(settings: Settings, now: float) -> tuple[int, int]:
    """The number of the period that versions met now belong to, and the length of one in seconds."""
    seconds = settings.worker.remember_days * 86400 // SEEN_BUCKETS
    return int(now // seconds), seconds


class Transaction:
    """Fills a MULTI/EXEC and afterwards tells which plugin's commands Redis refused."""

    def __init__(self, settings: Settings, live: LiveIds) -> None:
        self._settings = settings
        self._live = live
        self._owners: list[str] = []

    def _put(self, pipe: Any, owner: str, *command: Any) -> None:
        self._owners.append(owner)
        pipe.execute_command(*command)

    def effects(self, pipe: Any, merged: Merged) -> None:
        """What handlers want: their writes, what they touched, and their live items."""
        for plugin, command in merged.commands():
            self._put(pipe, plugin, *command)
        for plugin, touched in merged.touched.items():
            self._put(pipe, plugin, "SADD", TOUCHED(plugin=plugin), *touched)
        for (plugin, channel), items in merged.items.items():
            self._items(pipe, plugin, channel, items)
        if merged.items:
            self._put(pipe, "core", "SET", LIVE_LAST(), self._live.last)

    def _items(self, pipe: Any, plugin: str, channel: str, items: list[bytes]) -> None:
        """The newest of them, and with the first how many were left out: nobody reads more than a burst."""
        settings = self._settings.live
        skipped = len(items) - self._live.admit((plugin, channel), len(items), settings.burst)
        key = LIVE(plugin=plugin, channel=channel)
        for i, item in enumerate(items[skipped:]):
            note = ("skipped", skipped) if skipped and i == 0 else ()
            self._put(
                pipe, plugin, "XADD", key, "MAXLEN", settings.history, self._live.take(), "d", item, *note
            )

    def bookkeeping(self, pipe: Any, outcome: Outcome) -> None:
        """Counters, failures, and the cursors; what the cursors passed is trimmed from the streams."""
        for failure in outcome.failures[:FAILURES_A_BATCH]:
            self.failed(pipe, failure)
        for failure in outcome.failures[FAILURES_A_BATCH:]:
            failures.count(pipe, failure)
            self._owners.append("core")
        for name, amount in {**outcome.counts, "failures": len(outcome.failures)}.items():
            if amount:
                self._put(pipe, "core", "HINCRBY", WORKER_STATS(), name, amount)
        for feed, entry in outcome.last.items():
            self._put(pipe, "core", "HSET", CURSORS(), feed, entry)
            self._put(pipe, "core", "XTRIM", STREAM(feed=feed), "MINID", "~", entry)

    def failed(self, pipe: Any, failure: Failure) -> None:
        """The record and the count of a failure."""
        failures.add(pipe, failure, self._settings.worker.failures_kept)
        self._owners += ["core", "core"]

    def looked_at(self, pipe: Any, plugin: str, touched: list[bytes]) -> None:
        """A plugin's after_commit has looked at these."""
        self._put(pipe, "core", "SREM", TOUCHED(plugin=plugin), *touched)

    def knowledge(self, pipe: Any, names: Mapping[str, Mapping[str, bytes]], versions: set[bytes]) -> None:
        """What the feeds told of names, and the versions that were met."""
        for feed, fields in names.items():
            self._put(
                pipe, "core", "HSET", NAMES(feed=feed), *(part for pair in fields.items() for part in pair)
            )
        if versions:
            number, seconds = seen_bucket(self._settings, time.time())
            key = SEEN(bucket=number)
            self._put(pipe, "core", "SADD", key, *versions)
            self._put(pipe, "core", "EXPIRE", key, seconds * (SEEN_BUCKETS + 1))

    def absolve(self, pipe: Any, fields: list[str]) -> None:
        """Messages that had taken a worker down are behind us."""
        if fields:
            self._put(pipe, "core", "HDEL", ATTEMPTS(), *fields)

    def refused(self, replies: list[Any]) -> list[Failure]:
        """A failure for each plugin of which Redis refused a command; EXEC applied all the others."""
        errors: dict[str, list[str]] = {}
        for owner, reply in zip(self._owners, replies, strict=True):
            if isinstance(reply, ResponseError):
                errors.setdefault(owner, []).append(str(reply))
        return [
            Failure(
                plugin=owner, kind="redis", error=f"{len(texts)} writes refused: {texts[0]}", at=time.time()
            )
            for owner, texts in errors.items()
        ]


def keep(lease: Lease, refused: list[Failure], settings: Settings) -> None:
    """Record what Redis refused of a transaction, in another one."""

    def fill(pipe: Any) -> None:
        for failure in refused:
            failures.add(pipe, failure, settings.worker.failures_kept)

    if refused:
        lease.commit(fill)
