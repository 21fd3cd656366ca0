"""The counts of one kind over days, as columns of numbers: any range of days adds up in milliseconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from watchfloor_trendings.labels import Labels

Numbers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_LOOSE = 16  # days beside the packed ones before they are packed again
_KEPT = 4  # sums kept until something changes: a page asks for the same several times
_MOST = 2.0**52  # of one count: whole numbers stay exact


class Period(NamedTuple):
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.end - self.start).days + 1

    @property
    def days(self) -> list[date]:
        """Each day, oldest first."""
        return [self.start + timedelta(days=i) for i in range(self.length)]

    @property
    def before(self) -> Period:
        """As many days, that end the day before this begins."""
        return Period(self.start - timedelta(days=self.length), self.start - timedelta(days=1))


class Day(NamedTuple):
    """The labels of a day, by number and ascending, the count of each, and all counts together."""

    labels: Numbers
    counts: Floats
    total: float


_NOTHING = Day(np.empty(0, np.intp), np.empty(0, np.float64), 0.0)


class _Packed(NamedTuple):
    """Days one behind the other: those of `days[i]` stand from `offsets[i]` up to `offsets[i + 1]`."""

    days: list[date]
    labels: Numbers
    counts: Floats
    offsets: Numbers
    totals: list[float]

    def day(self, i: int) -> Day:
        part = slice(self.offsets[i], self.offsets[i + 1])
        return Day(self.labels[part], self.counts[part], self.totals[i])


_EMPTY = _Packed([], _NOTHING.labels, _NOTHING.counts, np.zeros(1, np.intp), [])


class Counts:
    """Counts by day and label. Whole numbers below 2**52 add up exactly."""

    def __init__(self, *, tags: bool = False) -> None:
        self.labels = Labels(tags=tags)
        self.entries = 0
        self._days: dict[date, Day] = {}
        self._packed = _EMPTY
        self._loose: set[date] = set()
        self._sums: dict[tuple[Period, bool], Floats] = {}

    def put(self, day: date, members: Iterable[tuple[str, float]]) -> None:
        """Set the counts of a day: members of its key with their scores."""
        pairs = [(member, score) for member, score in members if score > 0]
        numbers = self.labels.numbers(member for member, _ in pairs)
        made = _day(np.array(numbers, np.intp), np.array([score for _, score in pairs], np.float64))
        self.entries += len(made.labels) - len(self._days.get(day, _NOTHING).labels)
        self._days[day] = made
        self._loose.add(day)
        self._sums.clear()

    def total(self, period: Period) -> int:
        """All counts of these days."""
        return int(sum(found.total for _, found in self._within(period)))

    def sums(self, period: Period, *, weighted: bool = False) -> Floats:
        """The sum of each label over these days.

        Weighted: the i-th day back of n counts (n - i**2) times, the last day being the 0th. Divided by n
        that is how misp-dashboard ranked; undivided it stays a whole number.
        """
        key = (period, weighted)
        if key not in self._sums or len(self._sums[key]) != len(self.labels):
            while len(self._sums) >= _KEPT:
                self._sums.pop(next(iter(self._sums)))
            self._sums[key] = self._add_up(period, _falling(period) if weighted else None)
        return self._sums[key]

    def course(self, labels: Sequence[int], period: Period) -> Floats:
        """The counts of these labels, one row a label and one column a day."""
        wanted = np.asarray(labels, np.intp)
        found = np.zeros((len(wanted), period.length))
        for day, held in self._within(period):
            if len(held.labels):
                at = np.minimum(np.searchsorted(held.labels, wanted), len(held.labels) - 1)
                found[:, (day - period.start).days] = np.where(held.labels[at] == wanted, held.counts[at], 0)
        return found

    def newest_first(self, period: Period) -> Iterator[Day]:
        """The days of a period, the last one first."""
        return (found for _, found in reversed(list(self._within(period))))

    def _within(self, period: Period) -> Iterator[tuple[date, Day]]:
        return ((day, self._days[day]) for day in period.days if day in self._days)

    def _add_up(self, period: Period, weight: Callable[[date], float] | None) -> Floats:
        if len(self._loose) > _LOOSE:
            self._pack()
        packed = self._packed
        first, last = bisect_left(packed.days, period.start), bisect_right(packed.days, period.end)
        part = slice(packed.offsets[first], packed.offsets[last])
        counts = packed.counts[part]
        if weight:
            weights = np.array([weight(day) for day in packed.days[first:last]], np.float64)
            counts = counts * np.repeat(weights, np.diff(packed.offsets[first : last + 1]))
        sums = _sums(packed.labels[part], counts, len(self.labels))
        for day in self._loose:
            if period.start <= day <= period.end:
                self._correct(sums, day, weight(day) if weight else 1.0)
        return sums

    def _correct(self, sums: Floats, day: date, weight: float) -> None:
        """Exchange what is packed of a day for what holds now."""
        at = bisect_left(self._packed.days, day)
        if at < len(self._packed.days) and self._packed.days[at] == day:
            old = self._packed.day(at)
            sums[old.labels] -= old.counts * weight
        new = self._days[day]
        sums[new.labels] += new.counts * weight

    def _pack(self) -> None:
        days = sorted(self._days)
        held = [self._days[day] for day in days]
        self._packed = _Packed(
            days,
            np.concatenate([day.labels for day in held]),
            np.concatenate([day.counts for day in held]),
            np.cumsum([0, *(len(day.labels) for day in held)]),
            [day.total for day in held],
        )
        # The days become views: nothing is held twice.
        self._days = {day: self._packed.day(i) for i, day in enumerate(days)}
        self._loose.clear()


def _falling(period: Period) -> Callable[[date], float]:
    return lambda day: float(period.length - (period.end - day).days ** 2)


def _day(labels: Numbers, scores: Floats) -> Day:
    counts = np.minimum(np.rint(scores), _MOST)
    order = np.argsort(labels)
    labels, counts = labels[order], counts[order]
    first = np.flatnonzero(np.diff(labels, prepend=-1))
    # A label stands twice where two members read alike, such as a tag of two instances.
    return Day(labels[first], np.add.reduceat(counts, first) if len(first) else counts, float(counts.sum()))


def _sums(labels: Numbers, counts: Floats, length: int) -> Floats:
    # Of nothing numpy makes whole numbers.
    return np.bincount(labels, counts, minlength=length).astype(np.float64, copy=False)
