"""Reading the counts back: top lists and totals over a range of days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from watchfloor import Keys
from watchfloor_trendings.keys import FALSE_POSITIVES, SIGHTINGS

_COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")


@dataclass(frozen=True)
class Row:
    """A line of a top list; `colour` is a tag's, checked to be one, or ""."""

    label: str
    count: int
    colour: str = ""


def row(member: str, score: float, *, tag: bool) -> Row:
    """A member of a trend's key, as people read it. Members that the old program wrote read as well."""
    if not tag:
        return Row(member, round(score))
    try:
        fields = json.loads(member)
        label, colour = str(fields["name"]), str(fields.get("colour", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Row(member, round(score))
    return Row(label, round(score), colour if _COLOUR.match(colour) else "")


async def top(redis: Any, family: Keys, days: Sequence[date], *, tag: bool = False) -> list[Row]:
    """All labels of a trend with their counts over the days, most counted first."""
    if not days:
        return []
    return ranked(await redis.zunion([family(date=day) for day in days], withscores=True), tag=tag)


def ranked(scores: Iterable[tuple[str, float]], *, tag: bool) -> list[Row]:
    """Members and their scores as rows, most counted first."""
    return sorted((row(m, s, tag=tag) for m, s in scores), key=lambda r: (-r.count, r.label))


async def sightings(redis: Any, days: Sequence[date]) -> Mapping[str, int]:
    """Sightings and false positives over the days."""
    totals = {}
    for name, family in (("sightings", SIGHTINGS), ("false_positives", FALSE_POSITIVES)):
        counts = await redis.mget([family(date=day) for day in days]) if days else []
        totals[name] = sum(int(count or 0) for count in counts)
    return totals
