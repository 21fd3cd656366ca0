"""The range of days that a page shows, as its URL says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETERS = frozenset({"days", "from", "to"})
DEFAULT_DAYS = 7
MAX_DAYS = 1100


class RangeError(ValueError):
    """The range of a URL makes no sense; the text says what to write instead."""


@dataclass(frozen=True)
class Range:
    """Days from `start` to `end`, both included, seen from `today`."""

    start: date
    end: date
    today: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.end - self.start).days + 1

    @property
    def words(self) -> str:
        """As people say it: "today", "the last 7 days", "1 to 22 November 2026"."""
        if self.start == self.end:
            return "today" if self.end == self.today else _day(self.end)
        if self.end == self.today:
            return f"the last {self.length} days"
        if self.start.year != self.end.year:
            return f"{_day(self.start)} to {_day(self.end)}"
        if self.start.month != self.end.month:
            return f"{self.start.day} {self.start:%B} to {_day(self.end)}"
        return f"{self.start.day} to {_day(self.end)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def read_range(query: Mapping[str, str], today: date) -> Range:
    """The range that a query asks for, by default the last days up to today; RangeError if it cannot be."""
    if "days" in query:
        if "from" in query or "to" in query:
            raise RangeError("say either days, or from and to, but not both")
        return _last(_number(query["days"]), today)
    end = _date("to", query["to"]) if query.get("to") else today
    if query.get("from"):
        return _between(_date("from", query["from"]), end, today)
    return Range(end - timedelta(days=DEFAULT_DAYS - 1), end, today)


def _last(days: int, today: date) -> Range:
    return Range(today - timedelta(days=days - 1), today, today)


def _between(start: date, end: date, today: date) -> Range:
    if start > end:
        raise RangeError(f"from ({start}) is later than to ({end}): swap them")
    if (end - start).days >= MAX_DAYS:
        raise RangeError(f"{start} to {end} is more than {MAX_DAYS} days: ask for fewer")
    return Range(start, end, today)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_DAYS):
        raise RangeError(f"days is a number from 1 to {MAX_DAYS}, such as days=7, not '{text[:40]}'")
    return int(text)


def _date(name: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise RangeError(f"{name} is a day, such as {name}=2026-11-22, not '{text[:40]}'") from None
    if not 1970 <= found.year <= 9000:
        raise RangeError(f"{name} is a day from 1970 on, not '{text[:40]}'")
    return found
