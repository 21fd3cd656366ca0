from __future__ import annotations

from datetime import date

import pytest

from watchfloor.web.ranges import Range, RangeError, read_range

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("query", "start", "end", "words"),
    [
        ({}, "2026-11-16", "2026-11-22", "the last 7 days"),
        ({"days": "1"}, "2026-11-22", "2026-11-22", "today"),
        ({"days": "30"}, "2026-10-24", "2026-11-22", "the last 30 days"),
        ({"from": "2026-11-01", "to": "2026-11-05"}, "2026-11-01", "2026-11-05", "1 to 5 November 2026"),
        ({"from": "2026-10-30", "to": "2026-11-05"}, "2026-10-30", "2026-11-05",
         "30 October to 5 November 2026"),
        ({"from": "2025-12-31", "to": "2026-01-01"}, "2025-12-31", "2026-01-01",
         "31 December 2025 to 1 January 2026"),
        ({"from": "2026-11-05", "to": "2026-11-05"}, "2026-11-05", "2026-11-05", "5 November 2026"),
        ({"from": "2026-11-20"}, "2026-11-20", "2026-11-22", "the last 3 days"),
        ({"to": "2026-11-10"}, "2026-11-04", "2026-11-10", "4 to 10 November 2026"),
        ({"from": "", "to": ""}, "2026-11-16", "2026-11-22", "the last 7 days"),
        ({"other": "x"}, "2026-11-16", "2026-11-22", "the last 7 days"),
    ],
)  # fmt: skip
def test_a_range_is_read_and_said_in_words(query: dict[str, str], start: str, end: str, words: str) -> None:
    found = read_range(query, TODAY)
    assert (str(found.start), str(found.end), found.words) == (start, end, words)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"days": "0"}, "days is a number from 1 to 1100"),
        ({"days": "x"}, "not 'x'"),
        ({"days": ""}, "not ''"),
        ({"days": "\u0667"}, "days is a number"),
        ({"days": "9" * 5000}, "days is a number"),
        ({"days": "7", "from": "2026-11-01"}, "either days, or from and to"),
        ({"from": "yesterday"}, "from is a day, such as from=2026-11-22, not 'yesterday'"),
        ({"to": "2026-02-30"}, "to is a day"),
        ({"from": "2026-11-05", "to": "2026-11-01"}, "swap them"),
        ({"from": "2026-11-23"}, "swap them"),
        ({"from": "2001-01-01"}, "more than 1100 days"),
        ({"to": "0001-01-01"}, "from 1970 on"),
        ({"from": "1999-01-01", "to": "9999-12-31"}, "from 1970 on"),
    ],
)
def test_a_range_that_makes_no_sense_says_what_would(query: dict[str, str], problem: str) -> None:
    with pytest.raises(RangeError) as raised:
        read_range(query, TODAY)
    assert problem in str(raised.value)


def test_the_length_counts_both_ends() -> None:
    assert Range(TODAY, TODAY, TODAY).length == 1
