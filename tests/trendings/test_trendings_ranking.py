"""Rankings, courses and strips against plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.courses import cells, strip
from watchfloor_trendings.ranking import Rank, Row, leading, rank

FIRST = date(2026, 3, 1)
Days = Mapping[int, Mapping[str, int]]

DAYS = st.dictionaries(
    st.integers(0, 40),
    st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 9), max_size=10),
    max_size=41,
)
PERIODS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda ends: Period(FIRST + timedelta(min(ends)), FIRST + timedelta(max(ends)))
)


def filled(days: Days, counts: Counts | None = None) -> Counts:
    counts = counts or Counts()
    for day, found in days.items():
        counts.put(FIRST + timedelta(day), found.items())
    return counts


def weight(day: date, period: Period, by: Rank) -> Fraction:
    back = (period.end - day).days
    return Fraction(period.length - back**2, period.length) if by == "weighted" else Fraction(1)


def reference(days: Days, period: Period, by: Rank) -> list[str]:
    """The order of the whole list, worked out one by one."""
    scores: Counter[str] = Counter()
    last: dict[str, int] = {}
    for day in sorted(days):
        if period.start <= (date_ := FIRST + timedelta(day)) <= period.end:
            for label, count in days[day].items():
                scores[label] += count * weight(date_, period, by)  # type: ignore[assignment]
                last[label] = day
    return sorted(last, key=lambda label: (-scores[label], -last[label], label))


def texts(counts: Counts, numbers: Sequence[int]) -> list[str]:
    return [counts.labels.texts[number] for number in numbers]


@settings(max_examples=150, deadline=None)
@given(DAYS, DAYS, PERIODS, st.integers(1, 12), st.sampled_from(["sum", "weighted"]))
def test_any_range_ranks_as_plain_python_does_also_after_days_changed(
    days: Days, changed: Days, period: Period, rows: int, by: Rank
) -> None:
    counts = filled(days)
    assert texts(counts, leading(counts, period, rows, by)) == reference(days, period, by)[:rows]
    filled(changed, counts)
    now = {**days, **changed}
    assert texts(counts, leading(counts, period, rows, by)) == reference(now, period, by)[:rows]


@settings(max_examples=60, deadline=None)
@given(DAYS, PERIODS)
def test_a_course_and_totals_are_those_of_the_days(days: Days, period: Period) -> None:
    counts = filled(days)
    course = counts.course(range(len(counts.labels)), period)
    for number, label in enumerate(counts.labels.texts):
        found = [days.get((day - FIRST).days, {}).get(label, 0) for day in period.days]
        assert course[number].tolist() == found
    assert counts.total(period) == course.sum()


def test_a_row_compares_with_as_many_days_before() -> None:
    counts = filled({0: {"a": 3, "b": 1}, 1: {"a": 1}, 2: {"a": 5, "c": 1}, 3: {"a": 2}})
    found = rank(counts, Period(FIRST + timedelta(2), FIRST + timedelta(3)), 2)
    assert found.rows == (Row("a", 7, 4, 87.5, 7.0), Row("c", 1, 0, 12.5, 1.0))
    assert (found.total, found.before, found.distinct, found.left_out) == (8, 5, 2, 0)
    assert [row.change for row in found.rows] == [3, 1]


def test_weights_may_be_negative_and_still_rank() -> None:
    """Of 4 days the last counts 4/4, the first (4 - 9)/4 times: what was active then only ranks last."""
    counts = filled({0: {"old": 100}, 3: {"new": 1}, 1: {"middle": 1}})
    found = rank(counts, Period(FIRST, FIRST + timedelta(3)), 9, "weighted")
    assert [(row.label, row.score) for row in found.rows] == [("new", 1.0), ("middle", 0.0), ("old", -125.0)]


def test_no_days_and_no_labels_have_no_leaders() -> None:
    assert leading(Counts(), Period(FIRST, FIRST), 10) == []
    assert leading(filled({5: {"a": 1}}), Period(FIRST, FIRST), 10, "weighted") == []


@pytest.mark.parametrize("score", [float("inf"), 2.0**60])
def test_a_score_that_nobody_could_count_to_is_cut(score: float) -> None:
    counts = Counts()
    counts.put(FIRST, [("a", score), ("b", -1.0), ("c", 0.4)])
    assert [row.label for row in rank(counts, Period(FIRST, FIRST), 9).rows] == ["a"]
    assert counts.sums(Period(FIRST, FIRST)).tolist() == [2.0**52, 0.0]


def test_very_many_changed_days_are_packed_and_stay_right() -> None:
    counts = Counts()
    for round_ in range(1, 4):
        for day in range(100):
            counts.put(FIRST + timedelta(day), [("a", float(round_)), (f"{day}", 1.0)])
        period = Period(FIRST, FIRST + timedelta(99))
        assert counts.sums(period)[0] == 100 * round_
        assert counts.sums(period, weighted=True)[0] == round_ * sum(100 - back**2 for back in range(100))
    assert counts.entries == 200


@pytest.mark.parametrize(
    ("days", "expected"),
    [([0, 1, 2, 3, 4], [0, 1, 2, 3, 4]), ([0, 0], [0, 0]), ([100, 1], [4, 1])],
)
def test_a_strip_shades_each_day_by_the_most(days: list[int], expected: list[int]) -> None:
    assert strip(np.array(days, np.float64)) == expected


@pytest.mark.parametrize("days", [1, 59, 60, 61, 365, 1100])
def test_a_strip_of_any_range_has_at_most_sixty_cells(days: int) -> None:
    found = strip(np.ones(days))
    assert len(found) == cells(days) <= 60
    assert found[0] == 4
