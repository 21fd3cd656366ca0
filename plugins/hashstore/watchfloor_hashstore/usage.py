"""How much was asked over time: counts of hours in UTC, cut into pieces of the viewer's time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from watchfloor import Ask
from watchfloor_hashstore.keys import LOOKUPS

HOURS = timedelta(days=8)  # a longer range shows days
_HOUR = timedelta(hours=1)
_COUNTS = ("requests", "asked", "found")


class Total(NamedTuple):
    """What was asked in a range."""

    requests: int
    asked: int
    found: int

    @property
    def rate(self) -> float:
        """How many of a hundred values were known.

        >>> Total(1, 3, 1).rate, Total(0, 0, 0).rate
        (33.3, 0.0)
        """
        return round(100 * self.found / self.asked, 1) if self.asked else 0.0


@dataclass(frozen=True)
class Course:
    """The pieces of a range, when each begins, and how many values of it were known and not known."""

    starts: Sequence[datetime]
    found: Sequence[int]
    missed: Sequence[int]
    total: Total
    precision: str


def days_of(ask: Ask) -> list[date]:
    """The days in UTC that a range touches."""
    first, last = ask.since.astimezone(UTC).date(), ask.until.astimezone(UTC).date()
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def read(redis: Any, days: Sequence[date]) -> dict[date, dict[bytes, bytes]]:
    """The counts of days, by hour."""
    with redis.pipeline(transaction=False) as pipe:
        for day in days:
            pipe.hgetall(LOOKUPS(date=day))
        return dict(zip(days, pipe.execute(), strict=True))


def course(ask: Ask, days: Mapping[date, Mapping[bytes, bytes]]) -> Course:
    """The course of a range: its hours, or its days where it is long; an hour counts where it begins."""
    whole = ask.until.astimezone(UTC) - ask.since.astimezone(UTC) > HOURS
    starts = day_starts(ask.since, ask.until, ask.zone) if whole else hour_starts(ask.since, ask.until)
    edges = [start.timestamp() for start in starts]
    counts = [dict.fromkeys(_COUNTS, 0) for _ in starts]
    for hour, name, count in hours_of(days):
        if edges and edges[0] <= hour < ask.until.timestamp() and name in _COUNTS:
            counts[bisect_right(edges, hour) - 1][name] += count
    return Course(
        [start.astimezone(ask.zone) for start in starts],
        [piece["found"] for piece in counts],
        [piece["asked"] - piece["found"] for piece in counts],
        Total(*(sum(piece[name] for piece in counts) for name in _COUNTS)),
        "whole days" if whole else "by hour",
    )


def hours_of(days: Mapping[date, Mapping[bytes, bytes]]) -> Iterator[tuple[float, str, int]]:
    """Every count: when its hour begins (Unix seconds), its name, and how many."""
    for day, fields in days.items():
        midnight = datetime.combine(day, time(), UTC)
        for field, count in fields.items():
            hour, _, name = field.decode().partition(":")
            yield (midnight + int(hour) * _HOUR).timestamp(), name, int(count)


def hour_starts(since: datetime, until: datetime) -> list[datetime]:
    """When each hour of a range begins, in UTC: clocks that change neither repeat nor skip one."""
    at = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    count = -((at - until.astimezone(UTC)) // _HOUR)
    return [at + i * _HOUR for i in range(count)]


def day_starts(since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """When each day of a range begins in a zone, be it of 23, 24 or 25 hours."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone)
    count = (last.date() - first).days + 1
    starts = [datetime.combine(first + timedelta(days=i), time(), zone) for i in range(count)]
    return [start for start in starts if start.timestamp() < last.timestamp()]
