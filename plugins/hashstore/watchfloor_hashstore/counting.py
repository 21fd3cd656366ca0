"""How much is asked and found: counts by hour, and nothing of what was asked."""

from __future__ import annotations

import logging
import threading
import time
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
        self._counts: Counts[tuple[int, str]] = Counts()  # by hours since 1970, and what is counted
        self._timer: threading.Timer | None = None

    def count(self, asked: int, found: int) -> None:
        """A request asked for so many values, of which so many are known."""
        hour = int(time.time() // 3600)
        with self._lock:
            self._counts[hour, "requests"] += 1
            self._counts[hour, "asked"] += asked
            self._counts[hour, "found"] += found
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

    def _send(self, redis: Any, counts: Counts[tuple[int, str]]) -> None:
        with redis.pipeline(transaction=False) as pipe:
            for (hour, name), amount in counts.items():
                began = datetime.fromtimestamp(hour * 3600, UTC)
                key = LOOKUPS(date=began.date())
                pipe.hincrby(key, f"{began:%H}:{name}", amount)
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
