"""Reading the counts back: by category over a range, and of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from watchfloor import Ask, Keys
from watchfloor_activity import buckets
from watchfloor_activity.buckets import Width
from watchfloor_activity.keys import DAYS, EVENTS, QUARTERS, SIGHTINGS


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
        counts = [
            count
            for day, fields in zip(days, hashes, strict=True)
            for count in buckets.read_quarters(day, fields)
        ]
        pieces = buckets.by_piece(starts, ask.until, counts)
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
