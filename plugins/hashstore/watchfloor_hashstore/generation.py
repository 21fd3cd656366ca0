"""A new generation: built aside, caught up with what came live meanwhile, and swapped in whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from watchfloor_hashstore.bringing import catch_up
from watchfloor_hashstore.keys import JOURNAL
from watchfloor_hashstore.layout import bits_for
from watchfloor_hashstore.state import Lock, locked, new_generation, state
from watchfloor_hashstore.store import Store


class Building:
    """A generation in the making. `began` is when, in Unix seconds: before anything was read."""

    def __init__(self, redis: Any, generation: str, lock: Lock) -> None:
        self.redis = redis
        self.lock = lock
        self.began = time.time()
        self.store = Store(redis, generation, bits_for(0), temporary=True)

    def expect(self, entries: int) -> None:
        """Lay the store out for about so many entries, before the first is written."""
        self.store = Store(self.redis, self.store.generation, bits_for(entries), temporary=True)

    def swap(self, facts: Mapping[str, object]) -> None:
        """From now on it answers; the one before goes when those who read it are done.

        HashstoreError when the lock was lost: the old one stays then.
        """
        old = state(self.redis)
        catch_up(self.redis, self.store, self.began)
        self.store.keep()
        now = time.time()
        values = {"generation": self.store.generation, "bits": self.store.bits, "since": self.began}
        self.lock.set({**values, "imported": now, "updated": now, "left": old.generation, **facts})
        # Once more, with what was said until everybody knew of the swap.
        catch_up(self.redis, self.store, self.began)
        Store(self.redis, old.generation, old.bits).retire()
        self.lock.set({"left": ""})


@contextmanager
def building(redis: Any) -> Iterator[Building]:
    """A new generation; what an interrupted import left goes first.

    Without a `swap` nothing of it stays. HashstoreError when another import or update is running.
    """
    generation = new_generation()
    with locked(redis, generation) as lock:
        current = state(redis).generation
        for left in set(lock.left) - {current}:
            Store(redis, left, bits_for(0)).drop()
        lock.set({"left": ""})
        redis.delete(JOURNAL())
        made = Building(redis, generation, lock)
        try:
            yield made
        finally:
            if state(redis).generation != generation:
                made.store.drop()
