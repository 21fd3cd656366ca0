"""Which labels lead over some days: pure functions over counts, for pages and commands alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from watchfloor_trendings.counts import Counts, Floats, Numbers, Period

Rank = Literal["sum", "weighted"]

_BLOCK = 512  # scores


@dataclass(frozen=True)
class Row:
    """A line of a top list.

    `before` is its count over as many days before, `share` its part of all counts in percent, `score` what
    it is ranked by, and `colour` a tag's, checked to be one, or "".
    """

    label: str
    count: int
    before: int = 0
    share: float = 0.0
    score: float = 0.0
    colour: str = ""

    @property
    def change(self) -> int:
        """How many more than before."""
        return self.count - self.before


@dataclass(frozen=True)
class Ranking:
    """The first rows of a list; `total` are all counts of its days, `before` those of the days before.

    `distinct` is how many labels there are.
    """

    rows: tuple[Row, ...]
    total: int
    before: int
    distinct: int

    @property
    def left_out(self) -> int:
        """How many labels are behind the last row."""
        return self.distinct - len(self.rows)


def rank(counts: Counts, period: Period, rows: int, by: Rank = "sum") -> Ranking:
    """The first rows of the list of these days, each with what it was over as many days before."""
    chosen = leading(counts, period, rows, by)
    sums, total = counts.sums(period), counts.total(period)
    scores = counts.sums(period, weighted=True) / period.length if by == "weighted" else sums
    before = counts.course(chosen, period.before).sum(axis=1)
    labels = counts.labels
    made = tuple(
        Row(
            label=labels.texts[number],
            count=int(sums[number]),
            before=int(earlier),
            share=round(100 * float(sums[number]) / total, 1),
            score=round(float(scores[number]), 2),
            colour=labels.colours.get(number, ""),
        )
        for number, earlier in zip(chosen, before, strict=True)
    )
    return Ranking(made, total, counts.total(period.before), int(np.count_nonzero(sums > 0)))


def leading(counts: Counts, period: Period, rows: int, by: Rank = "sum") -> list[int]:
    """The numbers of the first labels.

    The highest score comes first; of equal ones that which was active last, then in the order of the text.
    """
    sums = counts.sums(period)
    active = sums > 0
    scores = np.where(active, counts.sums(period, weighted=True) if by == "weighted" else sums, -np.inf)
    rows = min(rows, int(np.count_nonzero(active)))
    if rows <= 0:
        return []
    least = _least(scores, rows)
    above = np.flatnonzero(scores > least)
    level = _latest(counts, period, np.flatnonzero(scores == least), rows - len(above))
    chosen = [*above.tolist(), *level]
    last = [int(np.flatnonzero(days)[-1]) for days in counts.course(chosen, period)]
    texts = counts.labels.texts
    order = sorted(zip(chosen, last, strict=True), key=lambda c: (-scores[c[0]], -c[1], texts[c[0]]))
    return [number for number, _ in order]


def _least(scores: Floats, rows: int) -> float:
    """The lowest of the highest `rows` scores.

    It is no lower than that of the maxima of blocks; so few are left to look at, however many are equal.
    """
    blocks = np.maximum.reduceat(scores, np.arange(0, len(scores), _BLOCK))
    bound = np.partition(blocks, -rows)[-rows] if rows <= len(blocks) else -np.inf
    left = scores[scores >= bound]
    return float(np.partition(left, -rows)[-rows])


def _latest(counts: Counts, period: Period, labels: Numbers, rows: int) -> list[int]:
    """Of some labels those that were active last, in the order of the text where that is the same day."""
    if len(labels) <= rows:
        return list(map(int, labels))
    waiting = np.zeros(len(counts.labels), np.bool_)
    waiting[labels] = True
    found: list[int] = []
    for day in counts.newest_first(period):
        met = day.labels[waiting[day.labels] & (day.counts > 0)]
        waiting[met] = False
        found += sorted(met.tolist(), key=counts.labels.texts.__getitem__)
        if len(found) >= rows:
            break
    return found[:rows]


def numbers(counts: Counts, texts: Sequence[str]) -> list[int | None]:
    """The number of each label, None for one that was never counted."""
    return [counts.labels.find(text) for text in dict.fromkeys(texts)]
