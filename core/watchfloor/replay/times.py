"""The times that MISP writes into what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

YEAR_10000 = 253_402_300_800
_STAMPS = (
    ("Attribute", "timestamp"),
    ("Object", "timestamp"),
    ("ObjectReference", "timestamp"),
    ("Sighting", "date_sighting"),
    ("Event", "timestamp"),
)


def seconds(stamp: object) -> float | None:
    """A time stamp of MISP, text or number, as Unix seconds; None when it says nothing.

    >>> seconds("1700000000"), seconds(0), seconds("soon"), seconds(None)
    (1700000000.0, None, None, None)
    """
    if not isinstance(stamp, str | int | float) or isinstance(stamp, bool):
        return None
    try:
        value = float(stamp)
    except (ValueError, OverflowError):
        return None
    return value if 0 < value < YEAR_10000 else None


def day(date: object) -> float | None:
    """The start of a day `2024-10-21`, in UTC."""
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError:
        return None
    return seconds(moment.replace(tzinfo=UTC).timestamp())


def said(body: Any) -> float | None:
    """When what a message tells of happened, if the message says so."""
    if not isinstance(body, dict):
        return None
    for key, stamp in _STAMPS:
        row = body.get(key)
        found = seconds(row.get(stamp)) if isinstance(row, dict) else None
        if found is not None:
            return found
    return None
