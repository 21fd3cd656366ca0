"""The cells of a view as programs read them: ISO 8601 with an offset, whole numbers whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from watchfloor.text import encodable

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from watchfloor.panels import Value

_EXACT = 2.0**53  # up to which a float tells whole numbers apart

Plain = str | int | float | None


def plain(value: Value, zone: ZoneInfo) -> Plain:
    """A cell; points in time are given in the zone. ValueError for one that has no time zone."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"a row holds the time {value.isoformat()}, which has no time zone")
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return encodable(value) if isinstance(value, str) else number(value)


def number(value: float | None) -> int | float | None:
    """Redis gives scores as floats; a whole one is a count."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole and value is not None else value
