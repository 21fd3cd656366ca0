"""What depends on totals: each plugin's `after_commit`, with what the last batches touched.

What was touched stands in Redis from the batch's own transaction on, and goes with the transaction of
what `after_commit` wrote: whatever crashes in between, it runs again, and its effects apply once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from watchfloor.contracts import Key
from watchfloor.plugins import Plugin
from watchfloor.site import Site
from watchfloor.store.failures import Failure
from watchfloor.store.keys import TOUCHED
from watchfloor.store.lease import Lease
from watchfloor.store.writes import ITEMS, Merged, Recorder
from watchfloor.worker.commit import LiveIds, Transaction, keep
from watchfloor.worker.guard import Guard, HandlerTimeout
from watchfloor.worker.process import describe

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

_AT_ONCE = 1000
_EVERY = 0.25  # seconds between two runs under load
_EVERY_BEHIND = 1.0  # and when messages come faster than they are worked off: many at once cost less
_PATIENCE = 5  # times the limit of a handler: it reads, and runs once for a whole batch


class RedisReads:
    """Reading for after_commit. Texts are UTF-8; what is none is replaced."""

    def __init__(self, redis: Commands) -> None:
        self._redis = redis

    def zscores(self, key: Key, members: Sequence[str]) -> list[float | None]:
        """The scores of members of a zset, None where there is none."""
        return list(self._redis.zmscore(key, list(members))) if members else []

    def ztop(self, key: Key, count: int) -> list[tuple[str, float]]:
        """The members with the highest scores, highest first."""
        return [(_text(m), s) for m, s in self._redis.zrevrange(key, 0, count - 1, withscores=True)]

    def get(self, key: Key) -> str | None:
        """A string."""
        value = self._redis.get(key)
        return None if value is None else _text(value)

    def members(self, key: Key) -> set[str]:
        """A set."""
        return {_text(member) for member in self._redis.smembers(key)}

    def hash(self, key: Key) -> dict[str, str]:
        """A hash."""
        return {_text(name): _text(value) for name, value in self._redis.hgetall(key).items()}

    def entries(self, key: Key, count: int) -> list[tuple[str, bytes]]:
        """The first entries of a stream: the id of each, and its items as a JSON array."""
        return [(_text(id_), fields[ITEMS]) for id_, fields in self._redis.xrange(key, count=count)]


def _text(value: Any) -> str:
    return bytes(value).decode(errors="replace")


class AfterCommit:
    """Runs the plugins' functions: now and then while messages keep coming, at once else."""

    def __init__(self, site: Site, redis: Commands, lease: Lease, guard: Guard, live: LiveIds) -> None:
        self._site = site
        self._redis = redis
        self._lease = lease
        self._guard = guard
        self._live = live
        self._every = _EVERY
        self._last = 0.0
        self._waiting = True
        self._plugins = [plugin for plugin in site.plugins if plugin.after_commit]

    def touched(self, *, behind: bool = False) -> None:
        """A batch touched something; `behind` when the next one waits already."""
        self._waiting = bool(self._plugins)
        self._every = _EVERY_BEHIND if behind else _EVERY

    def due_in(self) -> float:
        """Seconds until it should run; infinite when nothing waits."""
        return max(0.0, self._last + self._every - time.monotonic()) if self._waiting else float("inf")

    def run(self) -> None:
        """Look at everything that was touched. Raises what Redis raises, and LeaseLostError."""
        self._waiting = False
        self._last = time.monotonic()
        for plugin in self._plugins:
            touched = self._redis.srandmember(TOUCHED(plugin=plugin.name), _AT_ONCE)
            if touched:
                self._waiting = self._waiting or len(touched) == _AT_ONCE
                self._one(plugin, touched)

    def _one(self, plugin: Plugin, touched: list[bytes]) -> None:
        recorder = Recorder(plugin.name, self._site.families.owned(plugin.name), plugin.channels)
        failure, more = self._guarded(plugin, [_text(what) for what in sorted(touched)], recorder)
        merged = Merged()
        if failure is None:
            recorder.touched.clear()  # touching again from here would never end
            merged.add(recorder)
        transaction = Transaction(self._site.settings, self._live)

        def fill(pipe: Any) -> None:
            transaction.effects(pipe, merged)
            if not more:
                transaction.looked_at(pipe, plugin.name, touched)
            if failure is not None:
                transaction.failed(pipe, failure)

        refused = transaction.refused(self._lease.commit(fill))
        keep(self._lease, refused, self._site.settings)
        if more:  # it goes on after the next batch, whenever it ran last
            self._waiting, self._last = True, 0.0

    def _guarded(self, plugin: Plugin, touched: list[str], recorder: Recorder) -> tuple[Failure | None, bool]:
        """What went wrong, if anything did, and whether there is more to do."""
        limit = self._site.settings.worker.handler_seconds * _PATIENCE
        assert plugin.after_commit is not None  # noqa: S101 (only such plugins are kept)
        try:
            with self._guard.armed():
                self._guard.enter(limit)
                try:
                    return None, plugin.after_commit(touched, RedisReads(self._redis), recorder) is True
                finally:
                    self._guard.leave()
        except HandlerTimeout:
            self._redis.connection_pool.disconnect()  # a reply may still be on its way
            error = f"after_commit took longer than {limit:g} s"
        except RedisError:
            raise
        except Exception as raised:  # noqa: BLE001 (whatever a plugin raises must cost that plugin only)
            error = describe(raised)
        return Failure(plugin=plugin.name, kind="after-commit", error=error, at=time.time()), False
