"""How much is in the store, and how old it is."""

from __future__ import annotations

from typing import Any

from watchfloor_hashstore.keys import CHANGED, EVENTS, GROUPS, MISP_KEYS, OWN_KEYS, PENDING
from watchfloor_hashstore.state import state
from watchfloor_hashstore.store import Store


def info(redis: Any) -> dict[str, Any]:
    """Counts and times of the generation that answers; times are Unix seconds, 0 for never."""
    met = state(redis)
    store = Store(redis, met.generation, met.bits)

    def count(family: Any) -> int:
        return int(redis.hlen(family(generation=met.generation)))

    size = sum(redis.memory_usage(key, samples=50) or 0 for key in store.names())
    return {
        "source": met.source or "live messages",
        "imported": met.imported,
        "updated": met.updated,
        "events": count(EVENTS),
        "attributes_imported": int(met.fields.get("attributes") or 0),
        "entries_imported": int(met.fields.get("entries") or 0),
        "attributes_changed_since": count(CHANGED),
        "waiting": int(redis.hlen(PENDING())),
        "sharing_groups": count(GROUPS),
        "misp_key_fields": max(count(MISP_KEYS) - 1, 0),
        "own_keys": int(redis.hlen(OWN_KEYS())),
        "bytes": size,
        "import_running": bool(met.building),
    }
