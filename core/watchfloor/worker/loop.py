"""The worker's loop: hold the lease, work off batches, stand by otherwise; never die of Redis."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from watchfloor.errors import LeaseLostError, WatchfloorError
from watchfloor.misp import Message, Names
from watchfloor.site import Site
from watchfloor.store.checks import explain
from watchfloor.store.connect import connect
from watchfloor.store.failures import Failure
from watchfloor.store.keys import ATTEMPTS, LIVE_LAST
from watchfloor.store.lease import Lease
from watchfloor.store.streams import parse_id
from watchfloor.store.urls import redact
from watchfloor.worker.after import AfterCommit
from watchfloor.worker.commit import LiveIds, Transaction, keep
from watchfloor.worker.guard import Guard, StuckWatch
from watchfloor.worker.marker import FATAL, Marker, of_the_dead
from watchfloor.worker.process import Item, Outcome, Processor, decode
from watchfloor.worker.source import Source

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

log = logging.getLogger(__name__)
_IDLE = 1.0  # seconds that a read waits, unless the lease or the connection is shorter-lived
_PAUSE = (0.1, 1.0)  # seconds before Redis is tried again: first, and at most
_LOOK_EVERY = 2.0  # seconds after which to look for what the retry of a failure touched
_TOLD = 5  # failures of a batch that are logged; all of them are kept


class Worker:
    """The one that works off messages, or its standby.

    `watch` ends the process when it is stuck. `done` counts the messages worked off.
    """

    def __init__(self, site: Site, url: str, *, watch: bool = False) -> None:
        self._site = site
        self._url = url
        self._watch = StuckWatch(site.settings.worker.stuck_seconds) if watch else None
        self._guard = Guard()
        self._trouble, self._pause = "", _PAUSE[0]
        self.done = 0

    def run(self, stop: threading.Event, *, drain: bool = False) -> None:
        """Work until `stop`, or with `drain` until every stream is worked off.

        Redis being away is waited out. With `drain` another worker at work is a WatchfloorError.
        """
        marker = Marker(Path(self._site.settings.data))
        try:
            with self._site.resources.entered(self._site.settings.redis, self._url):
                self._work(marker, stop, drain)
        finally:
            if self._watch:
                self._watch.stop()
            marker.close()

    def _work(self, marker: Marker, stop: threading.Event, drain: bool) -> None:
        while not stop.is_set():
            self._alive()
            try:
                with connect(self._site.settings.redis, self._url, role="worker") as redis:
                    self._hold(redis, marker, stop, drain)
                    return
            except LeaseLostError as lost:
                log.warning("%s; standing by", lost)
            except RedisError as error:
                self._wait_out(error, stop)

    def _alive(self) -> None:
        if self._watch:
            self._watch.alive()

    def _wait_out(self, error: RedisError, stop: threading.Event) -> None:
        """Redis is away, or refuses: that is said once, and tried again soon."""
        trouble = explain(error, redact(self._url))
        if trouble != self._trouble:
            log.warning("%s; trying again until it serves", trouble)
        self._trouble = trouble
        stop.wait(self._pause)
        self._pause = min(_PAUSE[1], 2 * self._pause)

    def _served(self) -> None:
        if self._trouble:
            log.info("Redis is back")
        self._trouble, self._pause = "", _PAUSE[0]

    def _hold(self, redis: Commands, marker: Marker, stop: threading.Event, drain: bool) -> None:
        """Take the lease, and work while it is ours."""
        settings = self._site.settings
        lease = Lease(redis, "worker", settings.worker.lease_seconds)
        if not self._acquire(lease, stop, drain):
            return
        session = _Session(self._site, redis, lease, self._guard, marker)
        try:
            while not stop.is_set():
                self._alive()
                worked = session.step(0 if drain else _IDLE)
                self.done += worked
                if drain and not worked:
                    session.settle()
                    return
        finally:
            _quietly(lease.release)

    def _acquire(self, lease: Lease, stop: threading.Event, drain: bool) -> bool:
        waiting = False
        deadline = time.monotonic() + 2 * self._site.settings.worker.lease_seconds
        while not lease.acquire():
            self._served()
            if not waiting:
                log.info("standby: %s is at work", lease.holder())
                waiting = True
            if drain and time.monotonic() > deadline:
                raise WatchfloorError(
                    f"another worker is at work ({lease.holder()}); it does what --drain would"
                )
            self._alive()
            if stop.wait(self._site.settings.worker.lease_seconds / 10):
                return False
        self._served()
        if waiting:
            log.info("the other worker is gone: taking over")
        return True


def _quietly(release: Callable[[], None]) -> None:
    try:
        release()
    except RedisError:  # it expires by itself
        return


class _Session:
    """What is held between batches while the lease is ours; thrown away with it."""

    def __init__(self, site: Site, redis: Commands, lease: Lease, guard: Guard, marker: Marker) -> None:
        self._settings = site.settings
        self._redis = redis
        self._lease = lease
        self._source = Source(redis, site.settings)
        self._source.load()
        self._names = Names()
        self._live = LiveIds((redis.get(LIVE_LAST()) or b"0-0").decode())
        self._marker = marker
        self._processor = Processor(site, guard, marker)
        self._after = AfterCommit(site, redis, lease, guard, self._live)
        self._attempts = self._count_the_dead(Path(site.settings.data))
        self._renewed = self._looked = time.monotonic()

    def _count_the_dead(self, folder: Path) -> dict[str, int]:
        for line in of_the_dead(folder):
            times = self._redis.hincrby(ATTEMPTS(), line, 1)
            log.warning("a worker died with message %s in hand (%d times now)", line, times)
        return {field.decode(): int(times) for field, times in self._redis.hgetall(ATTEMPTS()).items()}

    def step(self, wait: float) -> int:
        """Work off one batch, waiting up to `wait` seconds for it; how many messages it had."""
        period = self._settings.worker.lease_seconds / 3
        messages = self._source.read(
            min(wait, period, self._settings.redis.timeout / 2, self._after.due_in())
        )
        if messages:
            self._batch(messages)
        elif time.monotonic() - self._renewed > period:
            self._lease.renew()
            self._renewed = time.monotonic()
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._looked = time.monotonic()
            self._after.touched()
        if self._after.due_in() <= 0:
            self._after.run()
        return len(messages)

    def settle(self) -> None:
        """Do what after_commit still has to do, now."""
        while self._after.due_in() < float("inf"):
            self._after.run()

    def _batch(self, messages: list[Message]) -> None:
        items = [self._decode(message) for message in messages]
        self._marker.clear()
        seen = self._source.prepare(items, self._names)
        outcome = self._processor.run(
            items,
            self._names,
            seen,
            seconds=self._settings.worker.lease_seconds / 3,
            attempts=self._deaths,
        )
        self._commit(outcome, seen.met)

    def _decode(self, message: Message) -> Item:
        if self._deaths(message) >= FATAL:
            return Item(message)
        self._marker.note(message.feed, message.id)
        return decode(message)

    def _deaths(self, message: Message) -> int:
        return self._attempts.get(f"{message.feed} {message.id}", 0) if self._attempts else 0

    def _commit(self, outcome: Outcome, versions: set[bytes]) -> None:
        transaction = Transaction(self._settings, self._live)
        behind = [field for field in self._attempts if _passed(field, outcome.last)]

        def fill(pipe: Any) -> None:
            transaction.effects(pipe, outcome.merged)
            transaction.knowledge(pipe, self._names.changed(), versions)
            transaction.bookkeeping(pipe, outcome)
            transaction.absolve(pipe, behind)

        replies = self._lease.commit(fill)
        self._renewed = time.monotonic()
        self._names.committed()
        self._source.moved(outcome.last)
        for field in behind:
            del self._attempts[field]
        if outcome.merged.touched:
            self._after.touched(behind=self._source.behind)
        refused = transaction.refused(replies)
        keep(self._lease, refused, self._settings)
        _report([*refused, *outcome.failures])


def _report(failed: list[Failure]) -> None:
    for failure in failed[:_TOLD]:
        log.warning(
            "%s: %s: %s", failure.plugin, failure.kind, failure.error.partition("\n")[0],
            extra={"plugin": failure.plugin, "topic": failure.topic, "message_id": failure.id},
        )  # fmt: skip


def _passed(field: str, last: dict[str, str]) -> bool:
    feed, _, entry = field.rpartition(" ")
    return feed in last and parse_id(entry.encode()) <= parse_id(last[feed].encode())
