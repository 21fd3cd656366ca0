"""What an address asks of the panels: the order of lists, how many rows, and what is followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchfloor import Ask, Option, View
from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.index import StillReadingError, TooManyError, index
from watchfloor_trendings.keys import LISTS
from watchfloor_trendings.ranking import Rank

MOST_ROWS = 100
MOST_FOLLOWED = 12  # lines that an eye can still tell apart

RANK = Option(
    "rank",
    "sum: by the count. weighted: recent days count more; of n days the i-th back counts (n - i²)/n times.",
    choices=("sum", "weighted"),
)
ROWS = Option("rows", f"How many rows a list shows, from 1 to {MOST_ROWS}.")
TIMELINE = Option("timeline", "What the timeline shows.", choices=tuple(LISTS))


def follow(kind: str) -> Option:
    """The option that names the labels of a kind to follow."""
    return Option(
        f"follow_{kind}", f"One of the {kind} to follow; up to {MOST_FOLLOWED} may be named.", many=True
    )


@dataclass(frozen=True)
class Wanted:
    """What was asked, understood. `refused` says what is wrong with it, or is ""."""

    period: Period
    rank: Rank
    rows: int
    precision: str
    refused: str = ""

    @classmethod
    def of(cls, ask: Ask, rows: int) -> Wanted:
        """What is asked; `rows` where the address does not say."""
        text = ask.option(ROWS.name, str(rows))
        right = text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST_ROWS
        return cls(
            Period(ask.start, ask.end),
            "weighted" if ask.option(RANK.name) == "weighted" else "sum",
            int(text) if right else rows,
            "" if ask.whole_days else "whole days",
            "" if right else f"rows is a number from 1 to {MOST_ROWS}, not '{text[:40]}'.",
        )


def followed(ask: Ask, kind: str) -> tuple[str, ...]:
    """The labels of a kind that the address follows, each once."""
    return tuple(dict.fromkeys(ask.options.get(f"follow_{kind}", ())))[:MOST_FOLLOWED]


async def counts_of(ask: Ask, kind: str, periods: Iterable[Period]) -> Counts | View:
    """The counts of these days, or a view that says why there are none yet."""
    try:
        return await index(ask.redis, kind).read(ask.redis, periods)
    except StillReadingError as reading:
        return View(empty=_reading(kind, reading), context={"kind": kind, "reading": True})
    except TooManyError as error:
        return View(
            empty=f"These days hold {error}, more than is kept in memory: choose a shorter range.",
            context={"kind": kind, "reading": False},
        )


def _reading(kind: str, reading: StillReadingError) -> str:
    return (
        f"Reading {reading.days} days of {kind} for the first time: {reading.done} are done. "
        "The numbers appear here as soon as they are complete."
    )
