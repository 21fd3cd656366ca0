from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from watchfloor.web.ranges import QUICK, Range, RangeError, read_range

SITE = ZoneInfo("Europe/Luxembourg")
UTC = ZoneInfo("UTC")
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=SITE)


def read(query: dict[str, str], zone: ZoneInfo = SITE, now: datetime = NOW) -> Range:
    return read_range(query, now, zone, SITE)


@pytest.mark.parametrize(
    ("query", "start", "end", "words"),
    [
        ({}, "2026-11-16", "2026-11-22", "the last 7 days"),
        ({"last": "1d"}, "2026-11-22", "2026-11-22", "today"),
        ({"last": "30d"}, "2026-10-24", "2026-11-22", "the last 30 days"),
        ({"last": "48h"}, "2026-11-20", "2026-11-22", "the last 48 hours"),
        ({"last": "1h"}, "2026-11-22", "2026-11-22", "the last hour"),
        ({"last": "15m"}, "2026-11-22", "2026-11-22", "the last 15 minutes"),
        ({"from": "2026-11-01", "to": "2026-11-05"}, "2026-11-01", "2026-11-05", "1 to 5 November 2026"),
        ({"from": "2026-10-30", "to": "2026-11-05"}, "2026-10-30", "2026-11-05",
         "30 October to 5 November 2026"),
        ({"from": "2025-12-31", "to": "2026-01-01"}, "2025-12-31", "2026-01-01",
         "31 December 2025 to 1 January 2026"),
        ({"from": "2026-11-05", "to": "2026-11-05"}, "2026-11-05", "2026-11-05", "5 November 2026"),
        ({"from": "2026-11-20"}, "2026-11-20", "2026-11-22",
         "20 November 2026 00:00 to 22 November 2026 15:30"),
        ({"to": "2026-11-10"}, "2026-11-04", "2026-11-10", "4 to 10 November 2026"),
        ({"from": "2026-11-10T08:00", "to": "2026-11-10T09:30"}, "2026-11-10", "2026-11-10",
         "10 November 2026, 08:00 to 09:30"),
        ({"from": "2026-11-10T08:00:00Z", "to": "2026-11-11"}, "2026-11-10", "2026-11-11",
         "10 November 2026 09:00 to 12 November 2026 00:00"),
        ({"from": "", "to": "", "last": ""}, "2026-11-16", "2026-11-22", "the last 7 days"),
        ({"other": "x"}, "2026-11-16", "2026-11-22", "the last 7 days"),
    ],
)  # fmt: skip
def test_a_range_is_read_and_said_in_words(query: dict[str, str], start: str, end: str, words: str) -> None:
    found = read(query)
    assert (str(found.start), str(found.end), found.words) == (start, end, words)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"last": "0d"}, "last is a number of minutes, hours or days"),
        ({"last": "x"}, "not 'x'"),
        ({"last": "7"}, "such as last=48h or last=7d, not '7'"),
        ({"last": "\u0667d"}, "last is a number"),
        ({"last": "9" * 5000 + "d"}, "last is a number"),
        ({"last": "1101d"}, "up to 1100 days"),
        ({"last": "7d", "from": "2026-11-01"}, "either last, or from and to"),
        ({"from": "yesterday"}, "from is a day or a time, such as from=2026-11-22"),
        ({"to": "2026-02-30"}, "to is a day"),
        ({"to": "2026-11-05 10:00"}, "to is a day"),
        ({"from": "2026-11-05", "to": "2026-11-01"}, "swap them"),
        ({"from": "2026-11-23"}, "swap them"),
        ({"from": "2026-11-05T10:00", "to": "2026-11-05T10:00"}, "swap them"),
        ({"from": "2001-01-01"}, "more than 1100 days"),
        ({"to": "0001-01-01"}, "from 1970 on"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from 1970 on"),
        ({"from": "1999-01-01", "to": "9999-12-31"}, "from 1970 on"),
    ],
)
def test_a_range_that_makes_no_sense_says_what_would(query: dict[str, str], problem: str) -> None:
    with pytest.raises(RangeError) as raised:
        read(query)
    assert problem in str(raised.value)


@pytest.mark.parametrize("last", QUICK)
def test_every_range_of_one_click_is_one(last: str) -> None:
    assert read({"last": last}).query == {"last": last}


def test_days_are_those_of_the_site_and_times_are_shown_in_the_viewers_zone() -> None:
    found = read({"from": "2026-11-01", "to": "2026-11-01"}, TOKYO)
    assert found.since.isoformat() == "2026-11-01T08:00:00+09:00"
    assert found.until.isoformat() == "2026-11-02T08:00:00+09:00"
    assert (found.start, found.end, found.length) == (found.start, found.start, 1)
    assert found.whole_days


def test_hours_are_hours_across_the_change_of_the_clock() -> None:
    """On 25 October 2026 the hour from two to three comes twice in Luxembourg."""
    after = datetime(2026, 10, 25, 12, tzinfo=SITE)
    found = read({"last": "24h"}, now=after)
    assert found.since.astimezone(UTC).isoformat() == "2026-10-24T11:00:00+00:00"
    assert (found.until.astimezone(UTC) - found.since.astimezone(UTC)).total_seconds() == 24 * 3600
    day = read({"from": "2026-10-25", "to": "2026-10-25"})
    assert (day.until.astimezone(UTC) - day.since.astimezone(UTC)).total_seconds() == 25 * 3600
    spring = read({"from": "2026-03-29", "to": "2026-03-29"})
    assert (spring.until.astimezone(UTC) - spring.since.astimezone(UTC)).total_seconds() == 23 * 3600


def test_the_address_of_a_range_asks_for_the_same() -> None:
    for query in ({"last": "48h"}, {"from": "2026-10-24", "to": "2026-10-26"},
                  {"from": "2026-10-25T02:30:00+02:00", "to": "2026-10-25T02:30:00+01:00"}):  # fmt: skip
        found = read(query)
        assert found.query == query
        assert read(dict(found.query)) == found


def test_an_offset_whose_plus_became_a_blank_is_read() -> None:
    found = read({"from": "2026-11-05T10:00:00 02:00", "to": "2026-11-06"})
    assert found.since.astimezone(UTC).isoformat() == "2026-11-05T08:00:00+00:00"


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ({"last": "7d"}, "2026-11-09", "2026-11-15"),
        ({"from": "2026-10-20", "to": "2026-10-31"}, "2026-10-08", "2026-10-19"),
    ],
)
def test_the_range_before_has_as_many_days(query: dict[str, str], start: str, end: str) -> None:
    before = read(query).before
    assert (str(before.start), str(before.end)) == (start, end)
    assert before.until == read(query).since


def test_the_range_before_hours_has_as_many_hours() -> None:
    before = read({"last": "48h"}).before
    assert before.since.isoformat() == "2026-11-18T15:30:00+01:00"
