"""How much is in the store, and how old it is."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from watchfloor_hashstore import scripts
from watchfloor_hashstore.keys import CHANGED, EVENTS, GROUPS, MISP_KEYS, NAMES, NOTED, OWN_KEYS
from watchfloor_hashstore.layout import SHARDS, TYPE, WIDTH
from watchfloor_hashstore.portable.hashing import texts
from watchfloor_hashstore.state import State, state
from watchfloor_hashstore.store import Store

_ENOUGH = 20_000  # entries to be looked at for how many an attribute has


def info(redis: Any) -> dict[str, Any]:
    """Counts and times of the generation that answers; times are Unix seconds, 0 for never."""
    met = state(redis)
    sizes = (redis.memory_usage(key, samples=50) or 0 for key in store_of(redis, met).names())
    return {**facts(redis, met), **amounts(redis, met), "bytes": sum(sizes)}


def facts(redis: Any, met: State) -> dict[str, Any]:
    """What `info` tells but for amounts and bytes, which take longer to find out."""

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
        "waiting": int(redis.xlen(NOTED())),
        "sharing_groups": count(GROUPS),
        "misp_key_fields": max(count(MISP_KEYS) - 1, 0),
        "own_keys": int(redis.hlen(OWN_KEYS())),
        "import_running": running(met),
    }


def running(met: State) -> bool:
    """Whether an import or update holds the lock: the lock of one that died runs out."""
    return bool(met.fields.get("lock")) and float(met.fields.get("lock_until") or 0) > time.time()


def amounts(redis: Any, met: State) -> dict[str, int]:
    """How many entries there are now, and of about how many attributes.

    It takes Redis a millisecond for each 100,000 or so, key by key.
    """
    store = store_of(redis, met)
    sizes = (int(redis.eval(scripts.BYTES, 1, store.key(shard))) for shard in range(SHARDS))
    entries = sum(sizes) // WIDTH
    return {"entries": entries, "attributes_about": round(entries * _share(store, entries))}


def _share(store: Store, entries: int) -> float:
    """How many attributes an entry stands for, on the average: one with halves has several entries."""
    shards = min(SHARDS, 1 + SHARDS * _ENOUGH // max(entries, 1))
    counts: Counter[int] = Counter()
    for shard in range(shards):
        told = iter(store.redis.eval(scripts.TYPES, 1, store.key(shard), WIDTH, TYPE + 1))
        counts.update(dict(zip(told, told, strict=True)))
    names = store.redis.hgetall(NAMES(generation=store.generation))
    each = {
        int(number): len(texts(name.removeprefix(b"type:").decode(), "1", "2"))
        for name, number in names.items()
        if name.startswith(b"type:")
    }
    return sum(count / (each.get(type_) or 1) for type_, count in counts.items()) / max(counts.total(), 1)


def store_of(redis: Any, met: State) -> Store:
    """The generation that answers."""
    return Store(redis, met.generation, met.bits)
