"""The cards of the hash store."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from watchfloor import Ask, Panel
from watchfloor_hashstore.info import info
from watchfloor_hashstore.keys import LOOKUPS
from watchfloor_hashstore.pool import Pool

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_COUNTS = ("requests", "asked", "found")


def panels(pool: Pool) -> list[Panel]:
    """What is in the store, and how it is asked."""
    return [
        Panel("store", "Hash store", "store.html", _store(pool)),
        Panel("lookups", "Lookups", "lookups.html", _lookups(pool)),
    ]


def _store(pool: Pool) -> Callable[[Ask], Awaitable[Mapping[str, object]]]:
    async def data(_ask: Ask) -> Mapping[str, object]:
        found = await asyncio.to_thread(lambda: info(pool.redis))
        return {"info": found, "imported": ago(found["imported"]), "updated": ago(found["updated"])}

    return data


def ago(then: float) -> str:
    """How long ago a Unix time was, in words."""
    if not then:
        return "never"
    seconds = max(0, time.time() - then)
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _lookups(pool: Pool) -> Callable[[Ask], Awaitable[Mapping[str, object]]]:
    async def data(ask: Ask) -> Mapping[str, object]:
        raw = await asyncio.to_thread(lambda: _read(pool.redis, ask))
        days = [{"date": day.isoformat(), **summed(one)} for day, one in zip(ask.days, raw, strict=True)]
        total: Any = {name: sum(day[name] for day in days) for name in _COUNTS}
        total["rate"] = round(100 * total["found"] / total["asked"]) if total["asked"] else 0
        return {"days": [day for day in reversed(days) if day["requests"]], "total": total}

    return data


def _read(redis: Any, ask: Ask) -> list[dict[bytes, bytes]]:
    with redis.pipeline(transaction=False) as pipe:
        for day in ask.days:
            pipe.hgetall(LOOKUPS(date=day))
        found: list[dict[bytes, bytes]] = pipe.execute()
        return found


def summed(hours: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The counts of a day from those of its hours."""
    counts: Counter[str] = Counter()
    for field, amount in hours.items():
        counts[field.decode().partition(":")[2]] += int(amount)
    return {name: counts[name] for name in _COUNTS}
