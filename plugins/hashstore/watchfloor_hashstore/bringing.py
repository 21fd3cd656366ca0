"""What was noted goes into the store, after the worker's transaction, and again after a crash in between.

Doing it twice changes nothing. While an import runs it goes into its journal as well, and from there into the
generation that the import makes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

from redis.exceptions import RedisError

from watchfloor import Reads, Writes
from watchfloor_hashstore.changes import Change, apply
from watchfloor_hashstore.keys import JOURNAL, NOTED
from watchfloor_hashstore.notes import changes_of, decode, encode
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.state import State, state
from watchfloor_hashstore.store import Store

_AT_ONCE = 16  # entries, of a thousand notes each at most: seconds of work even on a slow machine
_DAY = 86_400
log = logging.getLogger(__name__)


class Bringing:
    """Brings what was noted into the store."""

    def __init__(self, pool: Pool, pause: float = 10.0) -> None:
        self._pool = pool
        self._pause = pause  # seconds after which a Redis that failed is tried again
        self._later = 0.0

    def _waits(self) -> bool:
        """Whether the store's own Redis failed a moment ago: to find it still away may take seconds."""
        return time.monotonic() < self._later

    def __call__(self, _touched: Iterable[str], reads: Reads, writes: Writes) -> bool:
        """Apply the oldest of what waits, and tick it off; whether there is more of it.

        What is ticked off together is applied together: doing it again never brings back what was before.
        """
        entries = [] if self._waits() else reads.entries(NOTED(), _AT_ONCE)
        if not (entries and self._bring([items for _, items in entries])):
            return False
        for entry, _ in entries:
            writes.xdel(NOTED(), entry)
        return len(entries) == _AT_ONCE

    def _bring(self, entries: Sequence[bytes]) -> bool:
        """Whether it is in the store."""
        notes = (note for items in entries for note in decode(items))
        try:
            bring_in(self._pool.redis, changes_of(notes))
        except RedisError as error:
            if not self._pool.own:
                raise
            # It stays noted; the worker has a Redis of its own, and goes on.
            log.warning("the hash store's Redis failed: %s; what the feed tells waits for it", error)
            self._later = time.monotonic() + self._pause
            return False
        return True


def bring_in(redis: Any, changes: Sequence[Change]) -> State:
    """Apply changes to what answers now, and to what an import is making; the state met.

    What is noted before the state is read reaches the generation of an import that ends meanwhile.
    """
    met = state(redis)
    if met.building:
        with redis.pipeline(transaction=False) as pipe:
            pipe.xadd(JOURNAL(), {"changes": encode(changes)})
            pipe.expire(JOURNAL(), _DAY)
            pipe.execute()
    while True:
        apply(Store(redis, met.generation, met.bits), changes, met.since)
        now = state(redis)
        if now.generation == met.generation:
            return now
        met = now


def catch_up(redis: Any, store: Store, since: float) -> None:
    """Apply what the journal of an import holds, in its order, until nothing comes any more."""
    last = b"-"
    while entries := redis.xrange(JOURNAL(), min=last, count=_AT_ONCE):
        told = (change for _, fields in entries for change in decode(fields[b"changes"]))
        apply(store, changes_of(told), since)
        last = b"(" + entries[-1][0]
