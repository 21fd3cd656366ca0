"""Pieces of time: those of a range, in the viewer's zone, and the counts that belong to each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from watchfloor_activity.keys import A_DAY, QUARTER

Width = Literal["quarter", "hour", "day"]
WORDS: Mapping[Width, str] = {
    "quarter": "by quarter of an hour",
    "hour": "by hour",
    "day": "whole days",
}
SECONDS: Mapping[Width, int] = {"quarter": QUARTER, "hour": 4 * QUARTER, "day": A_DAY * QUARTER}
FINEST = timedelta(hours=12)  # a longer range shows hours
HOURS = timedelta(days=8)  # a longer range shows days
LARGEST = 5
OTHERS = "all others"


def width_of(since: datetime, until: datetime, kept_since: datetime) -> Width:
    """How wide the pieces of a range are; beyond what is kept by quarter of an hour, days."""
    length = until.astimezone(UTC) - since.astimezone(UTC)
    if since < kept_since or length > HOURS:
        return "day"
    return "quarter" if length <= FINEST else "hour"


def starts(since: datetime, until: datetime, zone: ZoneInfo, width: Width) -> list[datetime]:
    """When each quarter or hour of a range begins, in the zone; the first one holds `since`.

    Steps are taken in UTC: when clocks go forward an hour is missing, when they go back one comes twice.
    """
    step = 15 if width == "quarter" else 60
    at, end = since.astimezone(UTC), until.astimezone(UTC)
    local = at.astimezone(zone)
    at -= timedelta(minutes=local.minute % step, seconds=local.second, microseconds=local.microsecond)
    found = []
    while at < end:
        found.append(at.astimezone(zone))
        # A zone whose clocks go forward by half an hour has one short piece before it is in step again.
        at += timedelta(minutes=step - at.astimezone(zone).minute % step)
    return found


def utc_days(since: datetime, until: datetime) -> list[date]:
    """The days in UTC that a range touches."""
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def by_piece(
    pieces: Sequence[datetime], until: datetime, days: Mapping[date, Mapping[str, str]]
) -> list[dict[str, int]]:
    """The counts by category of each piece, from the keys of days in UTC; what is in none is left out."""
    edges = [piece.timestamp() for piece in pieces]
    found: list[dict[str, int]] = [{} for _ in pieces]
    for day, fields in days.items():
        places = _places(day, edges, until.timestamp())
        for name, count in fields.items():
            place, _, category = name.partition(":")
            if place in places:
                piece = found[places[place]]
                piece[category] = piece.get(category, 0) + int(count)
    return found


def _places(day: date, edges: Sequence[float], until: float) -> dict[str, int]:
    """For each quarter of a day in UTC that is in the range, the piece that it belongs to."""
    midnight = datetime.combine(day, time(), UTC).timestamp()
    starts = {str(place): midnight + place * QUARTER for place in range(A_DAY)}
    return {
        place: bisect_right(edges, start) - 1 for place, start in starts.items() if edges[0] <= start < until
    }


def largest(pieces: Iterable[Mapping[str, int]]) -> list[str]:
    """The categories with the most attributes, largest first."""
    totals: dict[str, int] = {}
    for piece in pieces:
        for category, count in piece.items():
            totals[category] = totals.get(category, 0) + count
    return sorted(totals, key=lambda category: (-totals[category], category))[:LARGEST]


def series(pieces: Sequence[Mapping[str, int]]) -> dict[str, list[int]]:
    """For each of the largest categories, and all others together, a number for every piece."""
    names = largest(pieces)
    found = {name: [piece.get(name, 0) for piece in pieces] for name in names}
    rest = [sum(piece.values()) - sum(piece.get(name, 0) for name in names) for piece in pieces]
    if any(rest):
        found[OTHERS] = [n + rest[i] for i, n in enumerate(found.get(OTHERS, [0] * len(rest)))]
    return found
