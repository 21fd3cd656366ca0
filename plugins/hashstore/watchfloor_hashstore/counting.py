"""How much is asked and found: counts by hour, and nothing of what was asked."""

from __future__ import annotations

import logging
import threading
from collections import Counter as Counts
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from watchfloor_hashstore.keys import LOOKUPS
from watchfloor_hashstore.pool import Pool

log = logging.getLogger(__name__)
_EVERY = 2.0


class Counter:
    """Adds up in memory, and writes now and then."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._counts: Counts[tuple[str, str]] = Counts()
        self._timer: threading.Timer | None = None

    def count(self, asked: int, found: int) -> None:
        """A request asked for so many values, of which so many are known."""
        now = datetime.now(UTC)
        day, hour = now.date().isoformat(), f"{now:%H}"
        with self._lock:
            for name, amount in (("requests", 1), ("asked", asked), ("found", found)):
                self._counts[day, f"{hour}:{name}"] += amount
            if self._timer is None:
                self._timer = threading.Timer(_EVERY, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write what was added up."""
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counts(), None
        try:
            self._send(self._pool.redis, counts)
        except RedisError as error:
            log.warning("lookups could not be counted: %s", error)

    def _send(self, redis: Any, counts: Counts[tuple[str, str]]) -> None:
        with redis.pipeline(transaction=False) as pipe:
            for (day, name), amount in counts.items():
                key = LOOKUPS(date=datetime.fromisoformat(day).date())
                pipe.hincrby(key, name, amount)
                pipe.expire(key, LOOKUPS.retention)
            pipe.execute()

    def stop(self) -> None:
        """Write the last, and end."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            timer.join()
            self.write()
