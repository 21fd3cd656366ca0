"""Courses over time: the leading labels day by day, or those that are followed, and when each was active."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import numpy as np

from watchfloor import Ask, Chart, Column, Panel, Value, View
from watchfloor_trendings.announce import CHANNELS
from watchfloor_trendings.asked import (
    RANK,
    ROWS,
    TIMELINE,
    Wanted,
    counts_of,
    follow,
    followed,
)
from watchfloor_trendings.counts import Counts, Floats
from watchfloor_trendings.keys import LISTS
from watchfloor_trendings.lists import TOPICS, WORDS
from watchfloor_trendings.ranking import leading

TITLES = {
    "events": "Events over time",
    "categories": "Categories over time",
    "tags": "Tags over time",
    "types": "Attribute types over time",
    "discussions": "Discussions over time",
}
LINES = 5  # of a chart where nothing is followed
LEGEND = 80  # characters of a label beside a line
CELLS = 60  # of a strip at most: each stands for as many days as the range needs
LEVELS = 4  # shades of a strip


def panels(rows: int) -> list[Panel]:
    """The course of each kind, and the timeline, of so many rows."""
    courses = [
        Panel(
            f"{kind}-course",
            title,
            _course(kind),
            meaning="Counts by day of the leading ones, or of those that you follow.",
            columns=(
                Column("day", "Day", "day"),
                Column("label", WORDS[kind], meaning=f"Cut to {LEGEND} characters."),
                Column("count", "Count", "number"),
            ),
            chart=Chart("line", "day", "count", "label"),
            template="course.html",
            channel=CHANNELS[kind],
            options=(RANK, follow(kind)),
            topics=TOPICS[kind],
            size="small",
            home=False,
        )
        for kind, title in TITLES.items()
    ]
    timeline = Panel(
        "timeline",
        "When each was active",
        _timeline(rows),
        meaning="First and last day of the leading ones, or of those that you follow, and the days between.",
        columns=(
            Column("label", "What"),
            Column("first", "First day", "day"),
            Column("last", "Last day", "day"),
            Column("days", "Days active", "number"),
            Column("count", "Count", "number"),
            Column("peak", "Most on a day", "number"),
            Column("peak_day", "On", "day"),
        ),
        template="timeline.html",
        channel=CHANNELS["lists"],
        options=(TIMELINE, RANK, ROWS, *(follow(kind) for kind in LISTS)),
        topics=TOPICS["events"],
        size="full",
        home=False,
    )
    return [*courses, timeline]


def _course(kind: str) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        wanted = Wanted.of(ask, LINES)
        counts = await counts_of(ask, kind, (wanted.period,))
        if isinstance(counts, View):
            return counts
        texts, table = chosen(counts, wanted, followed(ask, kind), LINES)
        names, days = _legend(texts), wanted.period.days
        return View(
            rows=[
                (day, name, int(table[row, column]))
                for row, name in enumerate(names)
                for column, day in enumerate(days)
            ],
            summary=_course_summary(names, table),
            precision=wanted.precision,
            context={"reading": False},
        )

    return data


def chosen(counts: Counts, wanted: Wanted, texts: Sequence[str], rows: int) -> tuple[Sequence[str], Floats]:
    """The labels that are followed, else the leading ones, and their counts: a row each, a column a day."""
    if not texts:
        numbers = leading(counts, wanted.period, rows, wanted.rank)
        return [counts.labels.texts[n] for n in numbers], counts.course(numbers, wanted.period)
    found = [counts.labels.find(text) for text in texts]
    table = counts.course([-1 if n is None else n for n in found], wanted.period)
    return texts, table


def _legend(texts: Sequence[str]) -> list[str]:
    """Labels short enough to stand beside a line, and each another one.

    >>> _legend(["a" * 100, "a" * 101, "b"])[1:]
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (2)', 'b']
    """
    short = [text if len(text) <= LEGEND else f"{text[: LEGEND - 1]}…" for text in texts]
    return [
        f"{text} ({short[:i].count(text) + 1})" if text in short[:i] else text for i, text in enumerate(short)
    ]


def _course_summary(names: Sequence[str], table: Floats) -> str:
    if not names:
        return ""
    row, day = np.unravel_index(int(table.argmax()), table.shape)
    return (
        f"{len(names)} lines by day; the highest is {names[int(row)]} with {table[row, day]:,.0f} on one day."
    )


def _timeline(rows: int) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        kind = ask.option(TIMELINE.name, "events")
        wanted = Wanted.of(ask, rows)
        context = {"kind": kind, "kinds": tuple(LISTS), "reading": False}
        if wanted.refused:
            return View(refused=wanted.refused, context=context)
        counts = await counts_of(ask, kind, (wanted.period,))
        if isinstance(counts, View):
            return View(empty=counts.empty, context={**context, **counts.context})
        texts, table = chosen(counts, wanted, followed(ask, kind), wanted.rows)
        all_days = wanted.period.days
        shown = [(text, days) for text, days in zip(texts, table, strict=True) if days.any()]
        return View(
            rows=[(text, *_life(days, all_days)) for text, days in shown],
            precision=wanted.precision,
            context={
                **context,
                "strips": [strip(days) for _, days in shown],
                "days_a_cell": -(-wanted.period.length // cells(wanted.period.length)),
                "period": wanted.period,
            },
        )

    return data


def _life(days: Floats, all_days: Sequence[date]) -> tuple[Value, ...]:
    active, peak = np.flatnonzero(days), int(days.argmax())
    return (
        all_days[active[0]],
        all_days[active[-1]],
        len(active),
        int(days.sum()),
        int(days[peak]),
        all_days[peak],
    )


def cells(days: int) -> int:
    """How many cells a strip of so many days has."""
    return -(-days // -(-days // CELLS))


def strip(days: Floats) -> list[int]:
    """The shade of each cell, from 0 for nothing to 4 for the most of this row."""
    width = -(-len(days) // CELLS)
    padded = np.pad(days, (0, -len(days) % width)).reshape(-1, width).sum(axis=1)
    return [int(level) for level in np.ceil(LEVELS * padded / max(padded.max(), 1))]
