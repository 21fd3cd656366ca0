"""Reading the counts back: by category over a range, and of the day."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any, NamedTuple

from watchfloor import Ask, Keys
from watchfloor_activity import buckets
from watchfloor_activity.buckets import Width
from watchfloor_activity.keys import DAYS, EVENTS, QUARTERS, SIGHTINGS

_SHARED = 1.0  # seconds


class Course(NamedTuple):
    """Attributes over time: when each piece begins, and the numbers of each category in the pieces."""

    width: Width
    starts: Sequence[datetime]
    series: Mapping[str, Sequence[int]]

    @property
    def total(self) -> int:
        """How many attributes there were."""
        return sum(sum(numbers) for numbers in self.series.values())


class Today(NamedTuple):
    """What came on one day of the site."""

    attributes: int
    events: int
    organisations: int
    sightings: int


class Courses:
    """Courses by range: worked out once for all cards of a page, which ask at the same moment."""

    def __init__(self, detail_days: int) -> None:
        self._detail_days = detail_days
        self._made: dict[Hashable, tuple[float, asyncio.Task[Course]]] = {}

    async def of(self, ask: Ask) -> Course:
        """The course over the range that is asked for, a second old at most."""
        now, key = monotonic(), (ask.since, ask.until, ask.zone.key)
        self._made = {name: made for name, made in self._made.items() if now - made[0] < _SHARED}
        if key not in self._made:
            self._made[key] = (now, asyncio.create_task(course(ask, self._detail_days)))
        # Whoever asked first may go; the others still want it.
        return await asyncio.shield(self._made[key][1])


async def course(ask: Ask, detail_days: int) -> Course:
    """Attributes by category over the range, as finely as they are kept and can be read."""
    width = buckets.width_of(ask.since, ask.until, kept_since(ask, detail_days))
    if width == "day":
        # A day of the site, whatever the viewer's zone, as a point on the viewer's axis.
        starts = [datetime.combine(day, time(), ask.zone) for day in ask.days]
        pieces = [_numbers(fields) for fields in await _hashes(ask.redis, DAYS, ask.days)]
    else:
        starts = buckets.starts(ask.since, ask.until, ask.zone, width)
        days = buckets.utc_days(starts[0], ask.until)
        hashes = await _hashes(ask.redis, QUARTERS, days)
        pieces = buckets.by_piece(starts, ask.until, dict(zip(days, hashes, strict=True)))
    return Course(width, starts, buckets.series(pieces))


def kept_since(ask: Ask, detail_days: int) -> datetime:
    """Since when quarters of an hour are kept."""
    oldest = datetime.now(UTC).date() - timedelta(days=detail_days)
    return datetime.combine(oldest, time(), UTC).astimezone(ask.zone)


async def _hashes(redis: Any, family: Keys, days: Sequence[date]) -> list[dict[str, str]]:
    async with redis.pipeline(transaction=False) as pipe:
        for day in days:
            pipe.hgetall(family(date=day))
        found: list[dict[str, str]] = await pipe.execute()
    return found


def _numbers(fields: Mapping[str, str]) -> dict[str, int]:
    return {category: int(count) for category, count in fields.items()}


async def of_day(redis: Any, day: date) -> Today:
    """The figures of a day of the site."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.hvals(DAYS(date=day))
        pipe.hvals(EVENTS(date=day))
        pipe.get(SIGHTINGS(date=day))
        attributes, creators, sightings = await pipe.execute()
    organisations = set(creators) - {""}
    return Today(sum(map(int, attributes)), len(creators), len(organisations), int(sightings or 0))
