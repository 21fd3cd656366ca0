"""Whether the hash store can be asked, and how old what it knows is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from watchfloor import Check, Health, Probe
from watchfloor_hashstore.info import facts
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.state import state

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_MANY = 10_000  # live changes that wait
_DAY = 86_400
_MEANING = "What lookups are answered from: its Redis, and the age of the last import and update."


def checks(settings: Settings, pool: Pool) -> Sequence[Check]:
    """The one check of the store."""

    async def run(_probe: Probe) -> Health:
        try:
            found = await asyncio.to_thread(_look, pool)
        except RedisError as error:
            told = f"The store's Redis does not answer ({error}): lookups fail until it does."
            return Health("failing", told)
        return verdict(found, settings.stale_days, time.time())

    return (Check("store", run, meaning=_MEANING),)


def _look(pool: Pool) -> dict[str, Any]:
    return facts(pool.redis, state(pool.redis))


def verdict(found: dict[str, Any], stale_days: int | None, now: float) -> Health:
    """What `facts` come to at a time in Unix seconds."""
    if found["waiting"] > _MANY:
        told = f"{found['waiting']:,} changes of the feed wait to be brought in: see that the worker runs."
        return Health("warning", told)
    if not found["imported"]:
        return _never(found)
    newest = max(found["imported"], found["updated"])
    told = f"Imported {ago(found['imported'], now)}, updated {ago(found['updated'], now)}{_busy(found)}."
    if stale_days is not None and now - newest > stale_days * _DAY:
        return Health(
            "warning",
            f"{told} What changed since is known from the feed alone: run 'watchfloor hashstore update' "
            "every quarter of an hour, and 'import' once a day.",
        )
    return Health("ok", told)


def _never(found: dict[str, Any]) -> Health:
    if found["import_running"]:
        return Health("ok", "The first import is running.")
    known = f"{found['events']:,} event{'s' if found['events'] != 1 else ''}"
    return Health(
        "ok",
        f"Nothing was imported: it knows what the feed told, of {known}. Run 'watchfloor hashstore import' "
        "for everything that is in MISP.",
    )


def _busy(found: dict[str, Any]) -> str:
    return "; an import or update is running" if found["import_running"] else ""


def ago(then: float, now: float) -> str:
    """How long before `now` a time was, in words; both in Unix seconds, 0 for never.

    >>> ago(0, 10), ago(1, 7201), ago(7200, 7201)
    ('never', '2 hours ago', 'just now')
    """
    if not then:
        return "never"
    for size, unit in _UNITS:
        if now - then >= size:
            count = int((now - then) // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
