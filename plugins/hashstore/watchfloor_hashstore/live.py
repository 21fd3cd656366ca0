"""Between imports the feed keeps the store current.

Handlers note what changed, the last of each thing, in the worker's own transaction. What is noted is
brought into the store after it, and again after a crash in between: doing it twice changes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from redis.exceptions import RedisError

from watchfloor import (
    Activity,
    AttributeDeleted,
    AttributeShared,
    Event,
    EventDeleted,
    EventShared,
    FeedAlive,
    Handler,
    Level,
    ObjectDeleted,
    ObjectShared,
    Reads,
    SharingGroupTold,
    Tag,
    Writes,
)
from watchfloor_hashstore.audience import NOBODY, level_of_event, level_of_part, written
from watchfloor_hashstore.changes import (
    AttributeGone,
    AttributeIs,
    Change,
    EventGone,
    EventIs,
    GroupIs,
    ObjectIs,
    bring_in,
    decode,
    encode,
    field_name,
)
from watchfloor_hashstore.keys import PENDING
from watchfloor_hashstore.layout import TLP, day_number, day_of_second
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.portable.hashing import digests, split
from watchfloor_hashstore.settings import Settings

_TRAFFIC = {**{f"tlp:{name}": name for name in TLP if name}, "tlp:white": "clear"}
_WHAT = "changes"
_AT_ONCE = 2000
_SECONDS = 2.0  # of the five that the worker grants
log = logging.getLogger(__name__)


class Noting:
    """Notes what activities mean for the store."""

    def __init__(self, settings: Settings) -> None:
        self._feed = settings.feed
        self._private = settings.unpublishedprivate

    def handlers(self) -> list[Handler]:
        """The functions for the worker, which are told as well what not everyone may see."""
        functions: dict[type[Activity], Callable[[Any, Writes], None]] = {
            AttributeShared: self.attribute,
            AttributeDeleted: self.no_attribute,
            EventShared: self.event,
            EventDeleted: self.no_event,
            ObjectShared: self.object,
            ObjectDeleted: self.no_object,
            SharingGroupTold: self.group,
            FeedAlive: self.alive,
        }
        return [Handler(activity, function, entitled=True) for activity, function in functions.items()]

    def attribute(self, told: AttributeShared, writes: Writes) -> None:
        """An attribute that was added or edited; what a publication repeats is in the store already."""
        repeated = told.action == "publish"
        if (repeated and not told.new) or not told.levels:
            return
        id_, event, holder = _id(told.id), _id(told.event.id), _id(told.object_id)
        if not (id_ and event):
            return
        received = told.received.timestamp()
        change = AttributeIs(
            id=id_,
            event=event,
            object=holder,
            hashes=list(digests(told.type, *split(told.type, told.value))),
            level=_own_level(told.levels, held=bool(holder)),
            type=told.type,
            category=told.category,
            received=received,
            to_ids=told.to_ids,
            tlp=_strictest(told.tags) if told.tags else "",
            day=day_of_second(int(told.time.timestamp())),
            edited=told.action != "add",
        )
        self._note(told, writes, change)
        # A publication tells of the event and of its objects by itself.
        if not repeated and holder and len(told.levels) == 3 and told.levels[1][0]:
            self._note(told, writes, ObjectIs(holder, level_of_part(*told.levels[1]), received))
        if not repeated and told.levels[0][0]:
            self._note_event(told, writes)

    def _note_event(self, told: AttributeShared, writes: Writes) -> None:
        """What an attribute tells of its event, in case nothing else does."""
        if self._feed in (None, told.feed):
            hidden = self._private and not told.published
            name, text = _partly(told.event, told.levels[0], hidden, told.published is False)
            writes.hset(PENDING(), name, text)

    def no_attribute(self, told: AttributeDeleted, writes: Writes) -> None:
        """An attribute that was deleted."""
        if id_ := _id(told.id):
            self._note(told, writes, AttributeGone(id_, told.received.timestamp(), told.hard))

    def event(self, told: EventShared, writes: Writes) -> None:
        """An event that was added, edited or published."""
        if told.levels and told.levels[0][0] and _id(told.event.id):
            hidden = self._private and not told.published
            change = EventIs(
                _id(told.event.id),
                told.event.uuid,
                _id(told.event.owner_id),
                level_of_event(*told.levels[0], hidden=hidden),
                told.received.timestamp(),
                _day(told.date),
                _strictest(told.tags),
            )
            self._note(told, writes, change)

    def no_event(self, told: EventDeleted, writes: Writes) -> None:
        """An event that was deleted, with all it held."""
        if id_ := _id(told.event.id):
            self._note(told, writes, EventGone(id_))

    def object(self, told: ObjectShared, writes: Writes) -> None:
        """An object that was added or edited."""
        if told.levels and told.levels[-1][0] and (id_ := _id(told.id)):
            level = level_of_part(*told.levels[-1])
            self._note(told, writes, ObjectIs(id_, level, told.received.timestamp()))

    def no_object(self, told: ObjectDeleted, writes: Writes) -> None:
        """An object whose row is gone: what says that it is in it, is its owner's alone."""
        if told.hard and (id_ := _id(told.id)):
            self._note(told, writes, ObjectIs(id_, NOBODY, told.received.timestamp()))

    def group(self, told: SharingGroupTold, writes: Writes) -> None:
        """Who is in a sharing group."""
        members = None if told.members.everyone else {_id(one) for one in told.members.organisations} - {0}
        self._note(told, writes, GroupIs(told.id, written(members), told.received.timestamp()))

    def alive(self, _told: FeedAlive, writes: Writes) -> None:
        """A quiet moment: what could not be brought in earlier is tried again."""
        writes.touch(_WHAT)

    def _note(self, told: Activity, writes: Writes, change: Change) -> None:
        if self._feed in (None, told.feed):
            writes.hset(PENDING(), field_name(change), encode(change).decode())
            writes.touch(_WHAT)


class Bringing:
    """Brings what was noted into the store."""

    def __init__(self, pool: Pool, pause: float = 10.0) -> None:
        self._pool = pool
        self._pause = pause  # seconds after which a Redis that failed is tried again
        self._later = 0.0

    def _waits(self) -> bool:
        """Whether the store's own Redis failed a moment ago: to find it still away may take seconds."""
        return time.monotonic() < self._later

    def __call__(self, _touched: Iterable[str], reads: Reads, writes: Writes) -> None:
        """Apply what waits, attributes last, and tick it off; a large rest waits for the next time."""
        if self._waits():
            return
        noted = reads.hash(PENDING())
        names = sorted(noted, key=_turn)
        ends = time.monotonic() + _SECONDS
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            if time.monotonic() > ends or not self._bring([noted[name] for name in some], len(names) - start):
                return
            for name in some:
                writes.hdel(PENDING(), name)

    def _bring(self, texts: Iterable[str], waiting: int) -> bool:
        """Whether it is in the store."""
        try:
            bring_in(self._pool.redis, [decode(text.encode()) for text in texts])
        except RedisError as error:
            if not self._pool.own:
                raise
            # It stays noted; the worker has a Redis of its own, and goes on.
            log.warning("the hash store's Redis failed: %s; %d changes wait for it", error, waiting)
            self._later = time.monotonic() + self._pause
            return False
        return True


def _turn(name: str) -> int:
    """What an attribute tells of its event goes before the event's own deletion, which must stand."""
    return 0 if name.startswith("partly") else 2 if name.startswith("attribute") else 1


@lru_cache(maxsize=1024)
def _partly(event: Event, level: Level, hidden: bool, unpublished: bool) -> tuple[str, str]:
    """The change, and its name, that an attribute means for its event, which is the same for all of them."""
    change = EventIs(
        _id(event.id),
        event.uuid,
        _id(event.owner_id),
        level_of_event(*level, hidden=hidden),
        float(2**62),  # it is only for events of which nothing is known: no import is too new for it
        # An unpublished event may have been published before: then its attributes tell of the change.
        partly=not (hidden and unpublished),
    )
    return field_name(change), encode(change).decode()


def _own_level(levels: tuple[Level, ...], *, held: bool) -> str:
    """The attribute's own level; nobody's where it is in an object of which nothing was told."""
    if held and not (len(levels) == 3 and levels[1][0]):
        return NOBODY
    return level_of_part(*levels[-1])


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0


def _day(text: str) -> int:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return 0


def _strictest(tags: Iterable[Tag]) -> str:
    """The strictest traffic light among tags."""
    return max((_TRAFFIC.get(tag.name.lower(), "") for tag in tags), key=TLP.index, default="")
