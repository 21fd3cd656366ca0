"""Reading for a batch: messages behind the cursors, names, and versions met before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from watchfloor import misp
from watchfloor.config import Settings
from watchfloor.misp import Message, Names
from watchfloor.store.keys import CURSORS, FEEDS, NAMES, SEEN, STREAM
from watchfloor.store.streams import read_entry
from watchfloor.worker.commit import SEEN_BUCKETS, seen_bucket
from watchfloor.worker.process import Item, Seen

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

_START = "0-0"
_FEW = 8
_COMFORTABLE = 16 * 1024 * 1024  # bytes of messages in a batch: more are read in smaller ones


class Source:
    """The streams of every feed, read from where the last commit left off."""

    def __init__(self, redis: Commands, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings
        self.cursors: dict[str, str] = {}
        self.behind = False  # whether the last read may have left something
        self._listed = 0.0
        self._count = min(_FEW, settings.worker.batch)

    def load(self) -> None:
        """Read the cursors: at the start, and whenever it is in doubt what was committed."""
        self.cursors = {feed.name: _START for feed in self._settings.feeds}
        self._list()
        stored = self._redis.hgetall(CURSORS())
        self.cursors.update({feed.decode(): entry.decode() for feed, entry in stored.items()})

    def _list(self) -> None:
        """Feeds that nobody configured, such as that of a replay, are worked off as well."""
        self._listed = time.monotonic()
        for feed in self._redis.smembers(FEEDS()):
            self.cursors.setdefault(feed.decode(), _START)

    def read(self, block: float) -> list[Message]:
        """The next messages of each feed, waiting up to `block` seconds for the first."""
        if time.monotonic() - self._listed > 1:
            self._list()
        streams = {STREAM(feed=feed): feed for feed in self.cursors}
        if not streams:
            time.sleep(block)
            return []
        reply = self._redis.xread(
            {key: self.cursors[feed] for key, feed in streams.items()},
            count=self._count,
            block=max(1, int(block * 1000)) if block else None,
        )
        by_name = {(self._redis.prefix + key).encode(): feed for key, feed in streams.items()}
        messages = [
            read_entry(by_name[name], entry, fields)
            for name, entries in reply or ()
            for entry, fields in entries
            if fields is not None
        ]
        self.behind = any(len(entries) >= self._count for _, entries in reply or ())
        self._adapt(sum(len(message.body) for message in messages))
        return messages

    def _adapt(self, size: int) -> None:
        """Whole events can be megabytes each: neither memory nor time may depend on how many come in a row.

        It begins with few: a batch that takes longer than the lease would come again and again.
        """
        if size > _COMFORTABLE:
            self._count = max(1, self._count // 4)
        elif 0 < size < _COMFORTABLE // 8:
            self._count = min(self._settings.worker.batch, self._count * 2)

    def moved(self, last: Mapping[str, str]) -> None:
        """These cursors were committed."""
        self.cursors.update(last)

    def prepare(self, items: Sequence[Item], names: Names) -> Seen:
        """Fetch the names that a batch needs, and which of its versions were met before."""
        decoded = [item.decoded for item in items if item.decoded is not None]
        wanted: dict[str, set[str]] = {}
        for one in decoded:
            if fields := names.wanted(one):
                wanted.setdefault(one.message.feed, set()).update(fields)
        while wanted:  # a thread that was fetched names an event, an event its organisation
            wanted = self._fetch(wanted, names)
        return Seen(self._met(list({version for one in decoded for version in misp.versions(one)})))

    def _fetch(self, wanted: Mapping[str, set[str]], names: Names) -> dict[str, set[str]]:
        further = {}
        for feed, fields in wanted.items():
            order = list(fields)
            values = self._redis.hmget(NAMES(feed=feed), order)
            if missing := names.load(feed, dict(zip(order, values, strict=True))):
                further[feed] = missing
        return further

    def _met(self, versions: Sequence[bytes]) -> list[bytes]:
        """Those of the versions that any period of memory knows."""
        if not versions:
            return []
        number, _ = seen_bucket(self._settings, time.time())
        with self._redis.pipeline(transaction=False) as pipe:
            for bucket in range(number - SEEN_BUCKETS, number + 1):
                pipe.execute_command("SMISMEMBER", SEEN(bucket=bucket), *versions)
            replies = pipe.execute()
        return [version for version, *flags in zip(versions, *replies, strict=True) if any(flags)]
