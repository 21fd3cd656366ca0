"""What changed: marked for those who keep counts in memory, and told to the browsers."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from watchfloor import Channel, Reads, Writes
from watchfloor_trendings.keys import CHANGED, LISTS

CHANNELS = {kind: Channel(kind, replay=1) for kind in (*LISTS, "sightings", "lists")}
"""A channel a kind, and one for any of the lists."""
_MARK = 6  # bytes: no two marks of a day are alike, even when the key of the marks was deleted in between


@lru_cache(maxsize=10_000)
def touched(kind: str, day: date | None) -> str:
    """What a handler touches: a kind, and the day whose counts it changed."""
    return f"{kind} {field(day)}" if day else kind


@lru_cache(maxsize=10_000)
def field(day: date) -> str:
    """A day as a field of `CHANGED`, as in names of keys: YYYYMMDD."""
    return day.strftime("%Y%m%d")


def announce(touched: Iterable[str], _reads: Reads, writes: Writes) -> None:
    """Mark the days whose counts changed, and tell the browsers which lists: one item each a batch."""
    days: dict[str, list[str]] = defaultdict(list)
    for what in touched:
        kind, _, day = what.partition(" ")
        days[kind].append(day)
    for kind, changed in days.items():
        if kind in LISTS:
            for day in filter(None, changed):
                writes.hset(CHANGED(kind=kind, year=day[:4]), day, secrets.token_hex(_MARK))
        writes.publish(CHANNELS[kind], {"changed": kind})
    if days.keys() & LISTS.keys():
        writes.publish(CHANNELS["lists"], {"changed": "lists"})
