"""The cards of the hash store: what is in it, and how it is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from watchfloor import Ask, Chart, Column, Figure, Panel, Value, View
from watchfloor_hashstore import usage
from watchfloor_hashstore.info import amounts, facts
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.state import state

_EMPTY = (
    "Nothing is in the store yet. Run 'watchfloor hashstore import' for all that is in MISP; what the feed "
    "tells from now on comes by itself."
)
_FOR = 60.0  # seconds for which a count of all entries is taken for true
STORE_COLUMNS = (
    Column("what", "What happened"),
    Column("time", "When", "time"),
    Column("note", "Note"),
)
LOOKUP_COLUMNS = (
    Column("time", "Time", "time", "when the piece of time begins"),
    Column("result", "Result", meaning="known are those of which the asking key saw a hit"),
    Column("values", "Values", "number"),
)


def panels(pool: Pool) -> list[Panel]:
    """What is in the store, and how it is asked."""
    return [
        Panel(
            "store",
            "Hash store",
            _store(pool),
            "How much is in the store, and how old it is",
            STORE_COLUMNS,
            home=False,
            ranged=False,
        ),
        Panel(
            "lookups",
            "Lookups",
            _lookups(pool),
            "Values that were asked for, known and not: counts alone, nothing of what was asked is kept",
            LOOKUP_COLUMNS,
            Chart("area", "time", "values", by="result"),
            size="wide",
            home=False,
        ),
    ]


def _store(pool: Pool) -> Callable[[Ask], Awaitable[View]]:
    counted = _Counted()

    async def data(_ask: Ask) -> View:
        found = await asyncio.to_thread(_look, pool, counted)
        if not (found["imported"] or found["events"] or found["entries"]):
            return View(empty=_EMPTY)
        return View(rows=_times(found), figures=_sizes(found), summary=_summary(found))

    return data


class _Counted:
    """The last count of all entries: it takes Redis a while, and changes little."""

    def __init__(self) -> None:
        self._at = 0.0
        self._amounts: dict[str, int] = {}
        self._generation = ""

    def of(self, redis: Any, met: Any) -> dict[str, int]:
        now = time.monotonic()
        if met.generation != self._generation or now - self._at > _FOR:
            self._amounts, self._at, self._generation = amounts(redis, met), now, met.generation
        return self._amounts


def _look(pool: Pool, counted: _Counted) -> dict[str, Any]:
    met = state(pool.redis)
    return {**facts(pool.redis, met), **counted.of(pool.redis, met)}


def _sizes(found: dict[str, Any]) -> list[Figure]:
    return [
        Figure("attributes", "attributes (about)", found["attributes_about"]),
        Figure("entries", "hashes", found["entries"]),
        Figure("events", "events", found["events"]),
    ]


def _times(found: dict[str, Any]) -> list[tuple[Value, ...]]:
    imported, updated = _moment(found["imported"]), _moment(found["updated"])
    source = f"{found['attributes_imported']:,} attributes from {found['source']}" if imported else "not yet"
    changed = f"{found['attributes_changed_since']:,} attributes changed since the import"
    return [("Last import", imported, source), ("Last update", updated, changed if updated else "not yet")]


def _summary(found: dict[str, Any]) -> str:
    if found["import_running"]:
        return "An import or update is running; what was there answers until it is done."
    if not found["imported"]:
        return "Nothing was imported: this is what the feed told."
    return ""


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _lookups(pool: Pool) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        days = usage.days_of(ask)
        found = await asyncio.to_thread(usage.read, pool.redis, days)
        course = usage.course(ask, found)
        total = course.total
        if not total.requests:
            return View(empty="Nobody asked in this range. Paste something above, or ask with curl.")
        rows: list[tuple[Value, ...]] = [
            (start, result, count)
            for result, counts in (("known", course.found), ("not known", course.missed))
            for start, count in zip(course.starts, counts, strict=True)
        ]
        return View(rows, _asked(total), _words(total), course.precision)

    return data


def _asked(total: usage.Total) -> list[Figure]:
    return [
        Figure("asked", "values", total.asked),
        Figure("found", "known", total.found),
        Figure("rate", "% known", total.rate),
        Figure("requests", "requests", total.requests),
    ]


def _words(total: usage.Total) -> str:
    return f"{total.found:,} of {total.asked:,} values were known ({total.rate:g} %)."
