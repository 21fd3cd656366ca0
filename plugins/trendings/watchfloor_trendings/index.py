"""The counts that a web process keeps in memory, and how they are kept true to Redis.

`CHANGED` tells which days changed since they were read; these alone are read again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from watchfloor_trendings.announce import field
from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.keys import CHANGED, LISTS

log = logging.getLogger(__name__)

_SHORT, _LONG = 0.4, 3.0  # seconds that a card waits for its counts; the reading goes on without it
_MANY = 62  # days to read for the first time: the card says so soon
MOST = 4_000_000  # counts in memory, a kind: a label on a day is one
_AT_ONCE = 5_000  # counts read in one go: some 10 ms of the event loop
_LARGE = 20_000  # counts of a day that is read piece by piece
_LOOK = 5.0  # seconds between two looks for days whose key is gone


class StillReadingError(Exception):
    """The counts are being read for the first time; `done` of `days` are in memory."""

    def __init__(self, done: int, days: int) -> None:
        super().__init__(f"{done} of {days} days are read")
        self.done = done
        self.days = days


class TooManyError(Exception):
    """The days asked for hold more than memory is meant to."""


class _Held(NamedTuple):
    """What is known of a day in memory: its mark when it was read, and whether it had a key."""

    mark: str | None
    exists: bool


class Index:
    """The counts of one kind in memory."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._family = LISTS[kind]
        self._held: dict[date, _Held] = {}
        self._lock = asyncio.Lock()
        self._looked = -_LOOK
        self._work: set[asyncio.Task[Counts]] = set()
        self.counts = Counts(tags=kind == "tags")

    async def read(self, redis: Any, periods: Iterable[Period], patience: float | None = None) -> Counts:
        """The counts of these days as Redis has them now.

        StillReadingError when that takes longer than `patience` seconds, by default few where very many days
        are new: reading goes on, also when who asked is cut off. TooManyError when there are more than fit.
        """
        days = sorted({day for period in periods for day in period.days}, reverse=True)
        task = asyncio.create_task(self._bring(redis, days))
        self._work.add(task)
        task.add_done_callback(self._end)
        new = sum(day not in self._held for day in days)
        await asyncio.wait(
            {task}, timeout=(_SHORT if new > _MANY else _LONG) if patience is None else patience
        )
        if not task.done():
            raise StillReadingError(sum(day in self._held for day in days), len(days))
        return task.result()

    def _end(self, task: asyncio.Task[Counts]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.debug("reading %s ended: %s", self._kind, error)

    async def _bring(self, redis: Any, days: Sequence[date]) -> Counts:
        async with self._lock:
            for _ in range(2):
                await self._update(redis, days)
                if self.counts.entries <= MOST:
                    return self.counts
                others = self._held.keys() - set(days)
                self.counts, self._held = Counts(tags=self._kind == "tags"), {}
                if not others:
                    break  # else there is room once what others asked for is gone
            raise TooManyError(f"more than {MOST:,} counts of {self._kind}")

    async def _update(self, redis: Any, days: Sequence[date]) -> None:
        marks = await self._marks(redis, days)
        known = [day for day in days if day in self._held and self._held[day].mark == marks.get(day)]
        fresh = set(known) - await self._gone(redis, known)
        await self._load(redis, [day for day in days if day not in fresh], marks)

    async def _marks(self, redis: Any, days: Sequence[date]) -> Mapping[date, str]:
        years = sorted({f"{day.year:04}" for day in days})
        async with redis.pipeline(transaction=False) as pipe:
            for year in years:
                pipe.hgetall(CHANGED(kind=self._kind, year=year))
            found = {name: mark for marks in await pipe.execute() for name, mark in marks.items()}
        return {day: found[name] for day in days if (name := field(day)) in found}

    async def _gone(self, redis: Any, days: Sequence[date]) -> set[date]:
        """Of these days those that gained or lost their key without a mark: by retention, or by hand."""
        if not days or time.monotonic() - self._looked < _LOOK:
            return set()
        self._looked = time.monotonic()
        exist = await redis.exists(*(self._family(date=day) for day in days))
        if exist == sum(self._held[day].exists for day in days):
            return set()
        async with redis.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.exists(self._family(date=day))
            now = await pipe.execute()
        return {day for day, there in zip(days, now, strict=True) if bool(there) != self._held[day].exists}

    async def _load(self, redis: Any, days: Sequence[date], marks: Mapping[date, str]) -> None:
        sizes = await self._sizes(redis, days)
        for part in _parts(days, sizes):
            for day, members in zip(part, await self._members(redis, part, sizes), strict=True):
                self.counts.put(day, members)
                self._held[day] = _Held(marks.get(day), bool(sizes[day]))
            if self.counts.entries > MOST:
                return
            await asyncio.sleep(0)

    async def _sizes(self, redis: Any, days: Sequence[date]) -> dict[date, int]:
        if not days:
            return {}
        async with redis.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.zcard(self._family(date=day))
            return dict(zip(days, await pipe.execute(), strict=True))

    async def _members(
        self, redis: Any, days: Sequence[date], sizes: Mapping[date, int]
    ) -> list[list[tuple[str, float]]]:
        if sizes[days[0]] > _LARGE:
            return [await self._scan(redis, days[0])]
        async with redis.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.zrange(self._family(date=day), 0, -1, withscores=True)
            found: list[list[tuple[str, float]]] = await pipe.execute()
            return found

    async def _scan(self, redis: Any, day: date) -> list[tuple[str, float]]:
        """A day of very many, piece by piece; a member that comes twice counts once."""
        scan = redis.zscan_iter(self._family(date=day), count=_AT_ONCE)
        found: dict[str, float] = {member: score async for member, score in scan}
        return list(found.items())


def _parts(days: Sequence[date], sizes: Mapping[date, int]) -> Iterator[list[date]]:
    """Days in groups of so many counts; one with more stands alone."""
    part: list[date] = []
    size = 0
    for day in days:
        if part and size + sizes[day] > _AT_ONCE:
            yield part
            part, size = [], 0
        part.append(day)
        size += sizes[day]
    if part:
        yield part


_indexes: WeakKeyDictionary[Any, dict[str, Index]] = WeakKeyDictionary()


def index(redis: Any, kind: str) -> Index:
    """The index of a kind in the web process whose connection this is."""
    made = _indexes.setdefault(redis, {})
    if kind not in made:
        made[kind] = Index(kind)
    return made[kind]


def sizes(redis: Any) -> dict[str, int]:
    """How many counts of each kind are in memory."""
    return {kind: held.counts.entries for kind, held in _indexes.get(redis, {}).items()}
