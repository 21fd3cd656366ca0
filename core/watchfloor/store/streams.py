"""The streams of feeds: one writer at a time, which gives its own ids, and reading back.

An entry has the field `m`, the frame as received without what must not be stored, and `at`, the time of
receipt in Unix seconds, where that is not the time in its id. Ids only ever grow. Every transaction
leaves its mark, so that after a lost reply it is known whether it was applied: nothing is written twice.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from redis.exceptions import RedisError, ResponseError

from watchfloor import misp
from watchfloor.errors import LeaseLostError
from watchfloor.misp.model import Message
from watchfloor.store.keys import FEED_STATS, FEEDS, STREAM
from watchfloor.store.lease import Lease

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands, Redis

Id = tuple[int, int]
Note = Callable[[Any], object]
Values = Mapping[str, str | int | float]

TOPICS_COUNTED = 64
_DRIFT = 1000  # milliseconds that an id may be ahead of the time of receipt before `at` tells the truth
_LATEST = 1e11
_NOTES = 500


class Entry(NamedTuple):
    """A message with its place in the stream."""

    id: Id
    topic: str
    frame: bytes
    at: float | None = None


@dataclass
class _Pending:
    """Increments of counters, and other writes, that go with the next transaction."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)


def read_entry(feed: str, entry: bytes, fields: Mapping[bytes, bytes]) -> Message:
    """The message that an entry of a feed's stream holds."""
    topic, body = misp.split(fields.get(b"m", b""))
    received = int(entry.partition(b"-")[0]) / 1000
    with suppress(ValueError):
        at = float(fields.get(b"at", b""))
        received = at if 0 <= at < _LATEST else received
    return Message(feed, topic, body, received, entry.decode())


def storable(frame: bytes) -> tuple[str, bytes]:
    """The topic of a frame, and the frame without what must not be stored."""
    topic, body = misp.split(frame)
    kept = misp.redact(topic, body)
    return topic, frame if kept is body else b"%b %b" % (topic.encode(), kept)


def parse_id(entry: bytes) -> Id:
    """`b"1700000000000-1"` as numbers; (0, 0) for anything else."""
    milliseconds, _, sequence = entry.partition(b"-")
    return (int(milliseconds), int(sequence)) if milliseconds.isdigit() and sequence.isdigit() else (0, 0)


def format_id(entry: Id) -> str:
    """The inverse of `parse_id`, as text."""
    return f"{entry[0]}-{entry[1]}"


class Appender:
    """The one writer of a feed's stream, as long as it holds the lease.

    Used as a context manager it takes the lease, or raises LeaseLostError.
    """

    def __init__(self, redis: Redis, feed: str, lease_seconds: float) -> None:
        self.feed = feed
        self.last: Id = (0, 0)
        self.applied = False
        self.lease = Lease(redis, f"feed:{feed}", lease_seconds)
        self._redis: Commands = redis
        self._mark = secrets.token_hex(8)
        self._serial = 0
        self._topics: set[str] = set()
        self._pending = _Pending()
        self._doubt: tuple[str, _Pending] | None = None

    def __enter__(self) -> Self:
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RedisError):
            self.lease.release()

    def _take(self) -> None:
        if self.acquire() is None:
            holder = self.lease.holder() or "another process"
            raise LeaseLostError(
                f"messages of the feed '{self.feed}' are stored by {holder}: stop it, or name another feed"
            )

    def append(self, items: Iterable[tuple[bytes, float | None]]) -> int:
        """Store frames as received now, to be counted at their own time if one is given; how many.

        A few hundred at a time are best: all of them go in one transaction. RedisError when Redis is
        away, LeaseLostError when another process has the lease.
        """
        found = list(items)
        try:
            return self._append(found)
        except (LeaseLostError, RedisError):
            # A lease expires when the next frames are long in coming, and a connection may just break.
            self._take()
            return len(found) if self.applied else self._append(found)

    def _append(self, items: Sequence[tuple[bytes, float | None]]) -> int:
        now = time.time_ns() // 1_000_000
        self.store([self.stamp(now, frame, at) for frame, at in items])
        return len(items)

    def acquire(self) -> Id | None:
        """Take the lease, or make sure of it: the last id of the stream, or None when another has the lease.

        `applied` is then whether the last transaction was applied, if `store` raised.
        """
        if not self.lease.acquire():
            return None
        if self._doubt is not None:
            # A transaction that is still on its way finds the lease, which it watches, changed.
            self._redis.pexpire(self.lease.key, self.lease.milliseconds)
        stats = self._redis.hgetall(FEED_STATS(feed=self.feed))
        self._topics = {name.decode() for name in stats if name.startswith(b"received:")}
        self._settle(stats.get(b"writer", b"").decode())
        last = self._last()
        self.last = max(self.last, last)
        return last

    def stamp(self, milliseconds: int, frame: bytes, at: float | None = None) -> Entry:
        """Give a frame received at that time the next id, and remove what must not be stored."""
        return self.place(milliseconds, *storable(frame), at)

    def place(self, milliseconds: int, topic: str, frame: bytes, at: float | None = None) -> Entry:
        """Give the next id to a frame that is fit to be stored."""
        last = self.last
        self.last = (milliseconds, 0) if milliseconds > last[0] else (last[0], last[1] + 1)
        if at is None and self.last[0] - milliseconds > _DRIFT:
            at = milliseconds / 1000
        return Entry(self.last, topic, frame, at)

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter of the feed, with the next transaction."""
        if amount:
            self._pending.counts[name] += amount

    def note(self, write: Note) -> None:
        """Have `write(pipe)` join the next transaction, and be applied once; some hundreds can wait."""
        if len(self._pending.notes) < _NOTES:
            self._pending.notes.append(write)

    def store(self, entries: Sequence[Entry], values: Values | None = None) -> None:
        """Append entries in one transaction, with what is pending and these fields of the feed's state.

        On LeaseLostError and RedisError `acquire` will tell whether it was applied.
        """
        pending, self._pending = self._pending, _Pending()
        self._serial += 1
        mark = f"{self._mark}-{self._serial}"
        self._doubt = mark, pending
        values = {**(values or {}), "writer": mark}
        replies = self.lease.commit(lambda pipe: self._fill(pipe, entries, pending, values))
        self._doubt = None
        for reply in replies:
            # An id that is no larger than the last one is that of an entry which is there.
            if isinstance(reply, ResponseError) and "equal or smaller" not in str(reply):
                raise reply

    def _fill(self, pipe: Any, entries: Sequence[Entry], pending: _Pending, values: Values) -> None:
        key, stats = STREAM(feed=self.feed), FEED_STATS(feed=self.feed)
        for entry, _, frame, at in entries:
            own_time = () if at is None else ("at", repr(at))
            pipe.execute_command("XADD", key, format_id(entry), "m", frame, *own_time)
        for name, amount in (pending.counts + self._counts(entries)).items():
            pipe.execute_command("HINCRBY", stats, name, amount)
        pipe.hset(stats, mapping=dict(values))
        pipe.sadd(FEEDS(), self.feed)
        for write in pending.notes:
            write(pipe)

    def _counts(self, entries: Sequence[Entry]) -> Counter[str]:
        topics = Counter(entry.topic for entry in entries)
        counts = Counter(messages=len(entries), bytes=sum(len(entry.frame) for entry in entries))
        for topic, amount in topics.items():
            counts[self._counter(topic)] += amount
        return counts

    def _counter(self, topic: str) -> str:
        """The counter of a topic; a feed may invent more topics than anyone wants to see."""
        name = f"received:{topic}"
        if name in self._topics:
            return name
        if len(self._topics) >= TOPICS_COUNTED or len(topic) > 64:
            return "received:other"
        self._topics.add(name)
        return name

    def _settle(self, mark: str) -> None:
        """What went with the transaction in doubt goes with the next one, unless its mark is there."""
        if self._doubt is not None:
            (attempted, pending), self._doubt = self._doubt, None
            self.applied = mark == attempted
            if not self.applied:
                self._pending.counts.update(pending.counts)
                self._pending.notes[:0] = pending.notes

    def _last(self) -> Id:
        try:
            return parse_id(self._redis.xinfo_stream(STREAM(feed=self.feed))["last-generated-id"])
        except ResponseError as error:
            if "no such key" in str(error):
                return 0, 0
            raise
