"""The range of time that a page shows, as its address says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

PARAMETERS = ("last", "from", "to")
DEFAULT = "7d"
MAX_DAYS = 1100
QUICK = {
    "1h": "Last hour",
    "24h": "Last 24 h",
    "48h": "Last 48 h",
    "1d": "Today",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "365d": "A year",
}
"""Ranges that people choose by one click, as `last=`, and their words."""

_LAST = re.compile(r"([1-9]\d{0,5})([mhd])", re.ASCII)
_UNITS = {"m": ("minute", 1 / 1440), "h": ("hour", 1 / 24), "d": ("day", 1.0)}


class RangeError(ValueError):
    """The range of an address makes no sense; the text says what to write instead."""


@dataclass(frozen=True)
class Range:
    """From `since` up to `until`, aware; `last` is what the address said when the range follows now.

    `site` is the time zone in which days are cut.
    """

    since: datetime
    until: datetime
    site: ZoneInfo
    last: str = ""

    @property
    def start(self) -> date:
        """The first day of the site that it touches."""
        return self.since.astimezone(self.site).date()

    @property
    def end(self) -> date:
        """The last day of the site that it touches."""
        return (self.until - timedelta(microseconds=1)).astimezone(self.site).date()

    @property
    def length(self) -> int:
        """How many days of the site it touches."""
        return (self.end - self.start).days + 1

    @property
    def whole_days(self) -> bool:
        """Whether it begins with a day of the site, and ends with one or now."""
        return _midnight(self.start, self.site) == self.since and (
            bool(self.last) or _midnight(self.end + timedelta(days=1), self.site) == self.until
        )

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address that ask for it."""
        if self.last:
            return {"last": self.last}
        if self.whole_days:
            return {"from": self.start.isoformat(), "to": self.end.isoformat()}
        return {"from": _iso(self.since), "to": _iso(self.until)}

    @property
    def words(self) -> str:
        """As people say it: "today", "the last 7 days", "the last 48 hours", "1 to 22 November 2026"."""
        if self.last:
            return _last_words(self.last)
        if self.whole_days:
            return _day_words(self.start, self.end)
        return _time_words(self.since, self.until)

    @property
    def before(self) -> Range:
        """The range of the same length that ended when this one begins."""
        if self.whole_days:
            since = _midnight(self.start - timedelta(days=self.length), self.site)
            return Range(since.astimezone(self.since.tzinfo), self.since, self.site)
        since = self.since.astimezone(UTC)
        earlier = since - (self.until.astimezone(UTC) - since)
        return Range(earlier.astimezone(self.since.tzinfo), self.since, self.site)

    @property
    def after(self) -> Range:
        """The range of the same length that begins when this one ends."""
        if self.whole_days:
            since = _midnight(self.end + timedelta(days=1), self.site)
            until = _midnight(self.end + timedelta(days=1 + self.length), self.site)
            return Range(since.astimezone(self.since.tzinfo), until.astimezone(self.since.tzinfo), self.site)
        until = self.until.astimezone(UTC)
        later = until + (until - self.since.astimezone(UTC))
        return Range(self.until, later.astimezone(self.since.tzinfo), self.site)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _last_words(last: str) -> str:
    if last == "1d":
        return "today"
    number, unit = last[:-1], _UNITS[last[-1]][0]
    return f"the last {unit}" if number == "1" else f"the last {number} {unit}s"


def _day_words(start: date, end: date) -> str:
    if start == end:
        return _day(end)
    if start.year != end.year:
        return f"{_day(start)} to {_day(end)}"
    if start.month != end.month:
        return f"{start.day} {start:%B} to {_day(end)}"
    return f"{start.day} to {_day(end)}"


def _time_words(since: datetime, until: datetime) -> str:
    if since.date() == until.date():
        return f"{_day(since)}, {since:%H:%M} to {until:%H:%M}"
    return f"{_day(since)} {since:%H:%M} to {_day(until)} {until:%H:%M}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def read_range(
    query: Mapping[str, str], now: datetime, zone: ZoneInfo, site: ZoneInfo, default: str = DEFAULT
) -> Range:
    """The range that a query asks for, by default the last days up to now; RangeError if it cannot be.

    `last=7d` are that many days of the site, today included; `last=48h` and `last=30m` end now.
    `from` and `to` are days of the site, both included, or points in time, which without an offset are in
    the viewer's `zone`.
    """
    start, end = query.get("from"), query.get("to")
    if query.get("last"):
        if start or end:
            raise RangeError("say either last, or from and to, but not both")
        return _last(query["last"], now, zone, site)
    if not start and not end:
        return _last(default, now, zone, site)
    until = _moment("to", end, zone, site, end=True) if end else now.astimezone(zone)
    since = (
        _moment("from", start, zone, site)
        if start
        else _midnight(Range(until, until, site).end - timedelta(days=6), site)
    )
    return _between(since, until, site)


def _week_before(until: datetime, site: ZoneInfo) -> datetime:
    """The beginning of the seven days that end with the one of `until`."""
    return _midnight(Range(until, until, site).end - timedelta(days=6), site)


def _last(text: str, now: datetime, zone: ZoneInfo, site: ZoneInfo) -> Range:
    match = _LAST.fullmatch(text)
    number, unit = (int(match[1]), match[2]) if match else (0, "d")
    if not number or number * _UNITS[unit][1] > MAX_DAYS:
        raise RangeError(
            f"last is a number of minutes, hours or days up to {MAX_DAYS} days, such as last=48h or last=7d, "
            f"not '{text[:40]}'"
        )
    if unit == "d":
        since = _midnight(now.astimezone(site).date() - timedelta(days=number - 1), site)
    else:
        since = now.astimezone(UTC) - timedelta(**{f"{_UNITS[unit][0]}s": number})
    return Range(since.astimezone(zone), now.astimezone(zone), site, text)


def _between(since: datetime, until: datetime, site: ZoneInfo) -> Range:
    if since.astimezone(UTC) >= until.astimezone(UTC):
        raise RangeError(f"from ({_iso(since)}) is not before to ({_iso(until)}): swap them")
    found = Range(since, until, site)
    if found.length > MAX_DAYS:
        raise RangeError(f"{found.start} to {found.end} is more than {MAX_DAYS} days: ask for fewer")
    return found


def _moment(name: str, text: str, zone: ZoneInfo, site: ZoneInfo, *, end: bool = False) -> datetime:
    moment = _parse(name, text)
    if not 1970 <= moment.year <= 9000:
        raise RangeError(f"{name} is a day from 1970 on, not '{text[:40]}'")
    if "T" not in text:
        return _midnight(moment.date() + timedelta(days=end), site).astimezone(zone)
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _parse(name: str, text: str) -> datetime:
    try:
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), time())
        # A '+' that nobody encoded arrives as a blank.
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise RangeError(
            f"{name} is a day or a time, such as {name}=2026-11-22 or {name}=2026-11-22T14:30, "
            f"not '{text[:40]}'"
        ) from None
