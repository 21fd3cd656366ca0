"""Sightings against false positives: totals, ratio and course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from watchfloor import Ask, Chart, Column, Figure, Keys, Panel, View
from watchfloor_trendings.announce import CHANNELS
from watchfloor_trendings.keys import FALSE_POSITIVES, SIGHTINGS

_KINDS = {"sightings": SIGHTINGS, "false positives": FALSE_POSITIVES}


def panel() -> Panel:
    """Both day by day, with their totals."""
    return Panel(
        "sightings",
        "Sightings and false positives",
        _data,
        meaning="Sightings that were reported, and reports that something is a false positive, by day.",
        columns=(
            Column("day", "Day", "day"),
            Column("kind", "What", meaning="sightings or false positives"),
            Column("count", "Count", "number"),
        ),
        chart=Chart("line", "day", "count", "kind"),
        template="course.html",
        channel=CHANNELS["sightings"],
        topics=("misp_json_sighting",),
        home=False,
    )


async def _data(ask: Ask) -> View:
    found = {kind: await daily(ask.redis, family, ask.days) for kind, family in _KINDS.items()}
    seen, false = (sum(counts) for counts in found.values())
    share = round(100 * false / (seen + false), 1) if seen + false else 0.0
    precision = "" if ask.whole_days else "whole days"
    if not seen + false:
        return View(precision=precision, context={"reading": False})
    return View(
        rows=[
            (day, kind, count)
            for kind, counts in found.items()
            for day, count in zip(ask.days, counts, strict=True)
        ],
        figures=[
            Figure("sightings", "sightings", seen),
            Figure("false_positives", "false positives", false),
            Figure("false_positive_share", "% of the reports are false positives", share),
        ],
        summary=f"{seen:,} sightings and {false:,} false positives.",
        precision=precision,
        context={"reading": False},
    )


async def daily(redis: Any, family: Keys, days: Sequence[date]) -> list[int]:
    """The count of each day."""
    return [int(count or 0) for count in await redis.mget([family(date=day) for day in days])]
