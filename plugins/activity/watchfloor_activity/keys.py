"""The Redis keys of activity: counts by category, by quarter of an hour and by day, and who was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

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
    "activity:events:{date}", "set", "UUID of each event that was shared, or had an attribute shared"
)
ORGS = Keys("activity:orgs:{date}", "set", "organisation that created such an event")
SIGHTINGS = Keys("activity:sightings:{date}", "string", "sightings reported, by day of receipt")

_TODAY = timedelta(days=2)  # what is shown of the current day only


def declared(detail_days: int, retention_days: int | None) -> list[Keys]:
    """The families, kept for so many days."""
    kept = None if retention_days is None else timedelta(days=retention_days)
    retention = {
        QUARTERS: timedelta(days=detail_days),
        DAYS: kept,
        EVENTS: _TODAY,
        ORGS: _TODAY,
        SIGHTINGS: _TODAY,
    }
    return [Keys(family.pattern, family.kind, family.meaning, kept) for family, kept in retention.items()]


@lru_cache(maxsize=1000)
def quarter_of(number: int) -> tuple[Key, str]:
    """The key of a quarter of an hour, counted from 1970 on, and its place in the day."""
    day, place = divmod(number, A_DAY)
    return QUARTERS(date=datetime.fromtimestamp(day * 86_400, UTC).date()), str(place)
