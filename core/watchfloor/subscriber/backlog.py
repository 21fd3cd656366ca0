"""All that was received from a feed and is not in its stream yet."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from watchfloor import misp
from watchfloor.store import failures
from watchfloor.store.failures import Failure
from watchfloor.store.streams import storable
from watchfloor.subscriber.spool import SpoolError

if TYPE_CHECKING:
    from watchfloor.config.settings import FeedSettings
    from watchfloor.store.streams import Appender, Entry, Id
    from watchfloor.subscriber.inbox import Inbox
    from watchfloor.subscriber.spool import Spool
    from watchfloor.subscriber.standing import Standing

log = logging.getLogger(__name__)

_BYTES = 8 * 1024 * 1024  # of one group
_BULK = 10_000  # messages that are spooled at a time
_CROWD = 16 * 1024 * 1024  # bytes in memory that do not wait for Redis any longer
_HEAD = 4096  # bytes that are kept of a message that is too large


class Backlog:
    """In order: what waits in the spool, what is in hand with ids already, what is in the inbox.

    `heard_from` (Unix milliseconds): what was received from then on is here, or stored.
    """

    def __init__(self, feed: FeedSettings, inbox: Inbox, spool: Spool, appender: Appender, kept: int) -> None:
        self.inbox = inbox
        self.spool = spool
        self.heard_from = _now()
        self._feed = feed
        self._appender = appender
        self._failures_kept = kept
        self._in_hand: list[Entry] = []
        self._settled = False

    @property
    def in_memory(self) -> int:
        """How many messages would be lost if the process ended now."""
        return len(self._in_hand) + len(self.inbox)

    @property
    def crowded(self) -> bool:
        """Whether more is in memory than should be."""
        return self.inbox.size > _CROWD

    def head(self, count: int) -> list[Entry]:
        """The next entries for the stream. SpoolError when the spool cannot be read."""
        if self.spool.rows:
            return self.spool.read(count, _BYTES)
        self._gather(count)
        return self._in_hand

    def stored(self, entries: list[Entry]) -> None:
        """What `head` gave is in the stream."""
        if self.spool.rows:
            self.spool.remove(len(entries))
        else:
            self._in_hand = []

    def put_aside(self) -> None:
        """Bring what is in memory to disk. SpoolError when that is in vain: then it stays in memory."""
        self._gather(_BULK)
        if self._in_hand:
            self.open_spool()
            self.spool.add(self._in_hand)
            self._appender.count("spooled", len(self._in_hand))
            self._in_hand = []

    def open_spool(self) -> None:
        """Have the spool, and go on after its ids. SpoolError says why it cannot be had."""
        if self.spool.is_open:
            return
        self.spool.open()
        if self._settled and self.spool.rows:
            # Of these it is not known any more what the stream has; `settle` at the next start will tell.
            waiting = self.spool.rows
            self.spool.close()
            raise SpoolError(
                f"the spool {self.spool.path} holds {waiting} messages of another process: they are stored "
                "when the subscriber is started again"
            )
        self._follow_spool()

    def give_up(self, remembered: float) -> None:
        """Another process stores it all: remember only the last seconds, in case that it dies."""
        self._in_hand = []
        self._settled = False
        self.spool.close()
        self.heard_from = max(self.heard_from, _now() - int(remembered * 1000))
        self.inbox.forget(self.heard_from, self.inbox.limit // 2)

    def settle(self, standing: Standing, last: Id) -> int:
        """Take out what was stored meanwhile; from when on (Unix milliseconds) nothing is missing.

        `last` is the stream's last id. SpoolError when the spool refuses; without it, this succeeds.
        """
        covered = standing.covered
        if standing.keeper == "self":
            self.spool.drop_stored(standing.stored, earlier=False)
            self._in_hand = [entry for entry in self._in_hand if entry.id > standing.stored]
        elif standing.keeper == "home":
            self.spool.drop_stored(standing.stored, earlier=True)
        elif standing.keeper == "other" and covered:
            self.spool.drop_between(covered, standing.stored[0])
            self._in_hand = [e for e in self._in_hand if not covered <= e.id[0] <= standing.stored[0]]
        if standing.keeper != "self" and not (self._skip(standing) and covered):
            covered = self.heard_from
        self._number_again(last)
        self._settled = True
        return covered

    def _skip(self, standing: Standing) -> bool:
        """Go on in the inbox after what another process stored last; whether without a gap."""
        return self.inbox.skip(standing.stored[0], lambda frame: storable(frame)[1] == standing.frame)

    def _number_again(self, last: Id) -> None:
        """What is here comes after what is in the stream, and must have ids that do."""
        if self.spool.rows and self.spool.ends()[0] <= last:
            self.spool.renumber(self._appender.last)
            self._follow_spool()
        if self._in_hand:
            again = self._appender.place
            self._in_hand = [again(e.id[0], e.topic, e.frame, e.at) for e in self._in_hand]

    def _follow_spool(self) -> None:
        if self.spool.rows:
            self._appender.last = max(self._appender.last, self.spool.ends()[1])

    def _gather(self, count: int) -> None:
        """Have something in hand, if there is anything."""
        if not self._in_hand:
            for milliseconds, frame in self.inbox.take(count, _BYTES):
                if len(frame) > self._feed.max_message:
                    self._refuse(milliseconds, frame)
                else:
                    self._in_hand.append(self._appender.stamp(milliseconds, frame))

    def _refuse(self, milliseconds: int, frame: bytes) -> None:
        """Keep the head of a message that is too large."""
        failure = oversized(self._feed, milliseconds, frame)
        self._appender.count("refused")
        self._appender.note(lambda pipe: failures.add(pipe, failure, self._failures_kept))
        log.warning("feed %s: %s", failure.feed, failure.error, extra={"feed": failure.feed})


def oversized(feed: FeedSettings, milliseconds: int, frame: bytes) -> Failure:
    """The record of a message that is too large; a head that may hold secrets is withheld."""
    topic, head = misp.split(frame[:_HEAD])
    return Failure(
        plugin="core",
        kind="oversized",
        error=f"{topic} of {len(frame):,} bytes refused: the feed's max_message is {feed.max_message:,}",
        feed=feed.name,
        topic=topic,
        raw=misp.redact(topic, head),
        size=len(frame),
        at=milliseconds / 1000,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
