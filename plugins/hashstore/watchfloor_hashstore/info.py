"""How much is in the store, and how old it is."""

from __future__ import annotations

import time
from typing import Any

from watchfloor_hashstore import scripts
from watchfloor_hashstore.keys import CHANGED, EVENTS, GROUPS, MISP_KEYS, OWN_KEYS, PENDING
from watchfloor_hashstore.layout import SHARDS, WIDTH
from watchfloor_hashstore.state import State, state
from watchfloor_hashstore.store import Store


def info(redis: Any) -> dict[str, Any]:
    """Counts and times of the generation that answers; times are Unix seconds, 0 for never."""
    met = state(redis)
    sizes = (redis.memory_usage(key, samples=50) or 0 for key in store_of(redis, met).names())
    return {**facts(redis, met), "bytes": sum(sizes)}


def facts(redis: Any, met: State) -> dict[str, Any]:
    """What `info` tells but for the bytes, which take longer to find out."""

    def count(family: Any) -> int:
        return int(redis.hlen(family(generation=met.generation)))

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
        "import_running": running(met),
    }


def running(met: State) -> bool:
    """Whether an import or update holds the lock: the lock of one that died runs out."""
    return bool(met.fields.get("lock")) and float(met.fields.get("lock_until") or 0) > time.time()


def entries(redis: Any, met: State) -> int:
    """How many entries there are now; a millisecond of Redis for each 100,000 or so, key by key."""
    store = store_of(redis, met)
    return sum(int(redis.eval(scripts.BYTES, 1, store.key(shard))) for shard in range(SHARDS)) // WIDTH


def store_of(redis: Any, met: State) -> Store:
    """The generation that answers."""
    return Store(redis, met.generation, met.bits)
