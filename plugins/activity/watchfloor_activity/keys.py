"""The Redis keys of activity: counts by category, by quarter of an hour and by day, and who was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from watchfloor import Key, Keys

QUARTER = 900  # seconds; the offset of every time zone is a multiple of it
A_DAY = 86_400 // QUARTER

QUARTERS = Keys(
    "activity:quarters:{date}",
    "hash",
    "<quarter of an hour of the day in UTC, 0 to 95>:<category>; +1 for each new attribute received then",
)
DAYS = Keys("activity:days:{date}", "hash", "category; +1 for each new attribute, by day of receipt")
EVENTS = Keys(
    "activity:events:{date}",
    "hash",
    "UUID of each event that was shared, or had an attribute shared: the organisation that created it",
)
SIGHTINGS = Keys("activity:sightings:{date}", "string", "sightings reported, by day of receipt")

_TODAY = timedelta(days=2)  # what is shown of the current day only


def declared(detail_days: int, retention_days: int | None) -> list[Keys]:
    """The families, kept for so many days."""
    kept = None if retention_days is None else timedelta(days=retention_days)
    retention = {
        QUARTERS: timedelta(days=detail_days),
        DAYS: kept,
        EVENTS: _TODAY,
        SIGHTINGS: _TODAY,
    }
    return [Keys(family.pattern, family.kind, family.meaning, kept) for family, kept in retention.items()]


class Place(NamedTuple):
    """Where things are counted that come in one quarter of an hour."""

    quarters: Key
    place: str
    days: Key
    events: Key


@lru_cache(maxsize=1000)
def place_of(quarter: int, site: tzinfo) -> Place:
    """Where to count in a quarter of an hour, counted from 1970 on; `site` is the zone that cuts days."""
    began = datetime.fromtimestamp(quarter * QUARTER, UTC)
    day = began.astimezone(site).date()
    return Place(QUARTERS(date=began.date()), f"{quarter % A_DAY}:", DAYS(date=day), EVENTS(date=day))
