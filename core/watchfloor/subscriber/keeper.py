"""Storing: one thread a feed that brings every frame into the stream once, in order.

While Redis cannot take messages, or not as fast as they come, they go to the spool and from there to the
stream. Whoever has the lease writes; a standby listens as well, remembers the last seconds, and goes on
after the last message that was stored.
"""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from redis.exceptions import RedisError

from watchfloor.errors import LeaseLostError
from watchfloor.store.checks import explain
from watchfloor.store.streams import Appender, format_id
from watchfloor.subscriber.backlog import Backlog
from watchfloor.subscriber.silences import Silence, record
from watchfloor.subscriber.spool import Spool, SpoolError
from watchfloor.subscriber.standing import read_standing
from watchfloor.subscriber.states import HEARTBEAT

if TYPE_CHECKING:
    import threading

    from watchfloor.config.settings import FeedSettings, Settings
    from watchfloor.store.clients import Redis
    from watchfloor.store.streams import Entry, Id
    from watchfloor.subscriber.inbox import Inbox
    from watchfloor.subscriber.link import Link
    from watchfloor.subscriber.standing import Standing

log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_PAUSE = (0.1, 1.0)  # seconds before Redis is tried again: first, and at most
_IDLE = 0.2
_REMEMBERED = 3  # lease periods that a standby remembers
_LAST_WORDS = 5.0  # seconds for what is left at the end
_REPEAT = 10.0  # seconds before losses are told again


class Keeper:
    """Takes frames from the inbox of a feed and stores them.

    `role`: the holder of the lease, a standby to another process, or away while Redis does not tell.
    """

    def __init__(
        self, redis: Redis, feed: FeedSettings, settings: Settings, inbox: Inbox, link: Link
    ) -> None:
        self.role: Literal["holder", "standby", "away"] = "away"
        self._redis = redis
        self._feed = feed.name
        self._limits = settings.subscriber
        self._memory = f"{self._limits.memory_limit / _MIB:.4g} MiB"
        self._lease = settings.worker.lease_seconds
        self._inbox = inbox
        self._link = link
        self._appender = Appender(redis, feed.name, self._lease)
        self._spool = Spool(Path(settings.data) / "spool" / f"{feed.name}.sqlite3", self._limits.spool_limit)
        self._backlog = Backlog(feed, inbox, self._spool, self._appender, settings.worker.failures_kept)
        self._covered = 0
        self._cut = self._closing = False
        self._try_at = self._spool_at = self._queue_at = self._beat_at = self._tell_at = 0.0
        self._pause = _PAUSE[0]
        self._counted: dict[str, int] = {}
        self._dropped = 0
        self._complaints: dict[str, str] = {}
        self._process = secrets.token_hex(8)

    def run(self, stop: threading.Event) -> None:
        """Store what comes until `stop`, then what is left, and release the lease."""
        while not stop.is_set():
            self.step()
        self._finish()

    def step(self) -> None:
        """Do the next thing; it takes a fraction of a second unless Redis hangs."""
        if self.role != "holder" and time.monotonic() >= self._try_at:
            self._reach()
        if self.role == "holder":
            if self._backlog.crowded or (self._spool.rows and self._queue_is_due()):
                self._put_aside()
            self._forward()
        elif self.role == "away" and self._put_aside():
            self._inbox.wait(_IDLE)
        else:
            time.sleep(_IDLE)
        self._tell_losses()

    def _queue_is_due(self) -> bool:
        """What comes waits behind the spool: in memory for a moment only, where it would be lost."""
        due = self._closing or time.monotonic() >= self._queue_at
        if due:
            self._queue_at = time.monotonic() + _IDLE
        return due

    def _forward(self) -> None:
        """Store a group; or give a sign of life, or rest."""
        try:
            entries = self._backlog.head(self._limits.group)
        except SpoolError as error:
            # What is in there waits for a restart; what comes now must not wait as well.
            self._blame_spool(error)
            self._spool.close()
            return
        rest = self._beat_at - time.monotonic()
        if not entries and rest > 0:
            self._inbox.wait(min(rest, _IDLE))
        elif self._store(entries):
            self._backlog.stored(entries)

    def _put_aside(self) -> bool:
        """From memory to disk, unless the disk refused a moment ago."""
        if time.monotonic() < self._spool_at:
            return False
        try:
            self._backlog.put_aside()
        except SpoolError as error:
            self._spool_at = time.monotonic() + _PAUSE[1]
            self._blame_spool(error)
            return False
        self._complaints.pop("spool", None)
        return True

    def _store(self, entries: list[Entry]) -> bool:
        """One transaction; whether it is known to have been applied."""
        self._tally()
        try:
            self._appender.store(entries, self._values(entries))
        except LeaseLostError:
            self.role, self._try_at = "away", 0.0
            return False
        except RedisError as error:
            self._cut_off(error)
            return False
        self._beat_at = time.monotonic() + min(HEARTBEAT, self._lease / 3)
        return True

    def _values(self, entries: list[Entry]) -> dict[str, str]:
        """The fields of the feed's state."""
        stored = {"stored": format_id(entries[-1].id)} if entries else {}
        return {
            **self._link.values(),
            **stored,
            "spool": str(self._spool.rows),
            "keeper": f"{self._spool.home}/{self._process}",
            "covered": str(self._covered),
        }

    def _tally(self) -> None:
        """What the receiving thread has counted and noted goes with the next transaction."""
        for name, total in {**self._link.counts, "dropped": self._inbox.dropped}.items():
            self._appender.count(name, total - self._counted.get(name, 0))
            self._counted[name] = total
        while self._link.silences:
            self._note(self._link.silences.popleft())

    def _note(self, silence: Silence) -> None:
        self._appender.note(lambda pipe: record(pipe, self._feed, silence))

    def _reach(self) -> None:
        """Try to become the one who writes, or to remain it."""
        try:
            if self._cut and self.role == "standby":
                # Redis was away: who held the lease before may take it again first.
                self._redis.ping()
                self._try_at = time.monotonic() + self._lease
            elif (last := self._appender.acquire()) is None:
                self._stand_by()
            else:
                self._take_over(last)
        except RedisError as error:
            self._cut_off(error)
        else:
            self._cut, self._pause = False, _PAUSE[0]
            if self._complaints.pop("redis", None):
                self._say(f"Redis is back; {self._spool.rows} messages wait in the spool")

    def _take_over(self, last: Id) -> None:
        """The lease is ours: sort out what is stored already, and go on."""
        try:
            self._backlog.open_spool()
            standing = self._standing()
            self._covered = self._backlog.settle(standing, last)
        except SpoolError as error:
            self._blame_spool(error)
            self._spool.close()
            standing = self._standing()
            self._covered = self._backlog.settle(standing, last)
        away = Silence(standing.listening, self._link.began, "not listening")
        if 0 < away.start < away.end - self._limits.quiet_after:
            self._note(away)
        self.role = "holder"

    def _standing(self) -> Standing:
        return read_standing(self._redis, self._feed, self._spool.home, self._process)

    def _stand_by(self) -> None:
        """Another process has the lease."""
        if self.role != "standby":
            holder = self._appender.lease.holder() or "another process"
            self._say(f"{holder} stores it; standing by")
            self.role = "standby"
        self._backlog.give_up(_REMEMBERED * self._lease)
        self._link.silences.clear()
        self._try_at = time.monotonic() + min(_PAUSE[1], self._lease / 4)

    def _cut_off(self, error: RedisError) -> None:
        """Redis cannot be reached, or refuses."""
        if self.role == "holder":
            self.role = "away"
        self._cut = True
        self._try_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _PAUSE[1])
        text = f"{explain(error, self._redis.where)}; until then messages go to {self._spool.path}"
        self._complain("redis", type(error).__name__, text)

    def _finish(self) -> None:
        """Store or spool what is left."""
        self._closing = True
        deadline = time.monotonic() + _LAST_WORDS
        while self.role != "standby" and self._backlog.in_memory and time.monotonic() < deadline:
            if self.role == "holder" or not self._put_aside():
                self.step()
        if self.role != "standby" and self._backlog.in_memory:
            lost = self._backlog.in_memory
            self._say(f"{lost} messages are lost: neither Redis nor the spool took them", logging.ERROR)
        if self.role == "holder":
            self._store([])
            with suppress(RedisError):
                self._appender.lease.release()
        self._spool.close()
        self._redis.close()

    def _tell_losses(self) -> None:
        lost = self._inbox.dropped - self._dropped
        if lost and time.monotonic() > self._tell_at:
            self._dropped += lost
            self._tell_at = time.monotonic() + _REPEAT
            self._say(
                f"{lost} messages were dropped, for neither Redis nor the spool takes any and {self._memory} "
                "wait in memory: see to Redis and the disk, or raise subscriber.memory_limit",
                logging.ERROR,
            )

    def _say(self, text: str, level: int = logging.INFO) -> None:
        log.log(level, "feed %s: %s", self._feed, text, extra={"feed": self._feed})

    def _blame_spool(self, error: SpoolError) -> None:
        text = f"{error}; until then messages are kept in memory, {self._memory} at most"
        self._complain("spool", str(error), text, logging.ERROR)

    def _complain(self, about: str, kind: str, text: str, level: int = logging.WARNING) -> None:
        """Say it once, as long as it is of the same kind."""
        if self._complaints.get(about) != kind:
            self._complaints[about] = kind
            self._say(text, level)
