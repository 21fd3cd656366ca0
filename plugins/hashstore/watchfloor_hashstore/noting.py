"""Between imports the feed keeps the store current: what handlers note of what it tells.

It is noted in the worker's own transaction; `bringing` brings it into the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from watchfloor import (
    Activity,
    AttributeDeleted,
    AttributeShared,
    EventDeleted,
    EventShared,
    FeedAlive,
    Handler,
    ObjectDeleted,
    ObjectShared,
    SharingGroupTold,
    Tag,
    TagAttached,
    TagDetached,
    Writes,
)
from watchfloor_hashstore.audience import NOBODY, level_of_event, level_of_part, number, written
from watchfloor_hashstore.changes import (
    NEVER_TOO_OLD,
    AttributeGone,
    AttributeLit,
    EventGone,
    EventIs,
    EventLit,
    GroupIs,
    ObjectIs,
)
from watchfloor_hashstore.keys import NOTED
from watchfloor_hashstore.layout import day_number
from watchfloor_hashstore.notes import AttributeTold, Note
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.traffic import light_of, strictest

_WHAT = "changes"


class Noting:
    """Notes what activities mean for the store."""

    def __init__(self, settings: Settings) -> None:
        self._feed = settings.feed
        self._private = settings.unpublishedprivate
        self._noted = NOTED()

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
            TagAttached: self.tag,
            TagDetached: self.no_tag,
            FeedAlive: self.alive,
        }
        return [Handler(activity, function, entitled=True) for activity, function in functions.items()]

    def attribute(self, told: AttributeShared, writes: Writes) -> None:
        """An attribute that was added or edited; what a publication repeats is in the store already."""
        if (told.action == "publish" and not told.new) or not told.levels:
            return
        event, levels, private = told.event, told.levels, self._private
        id_, event_id, holder = number(told.id), number(event.id), number(told.object_id)
        if not (id_ and event_id):
            return
        of_object = level_of_part(*levels[1]) if len(levels) == 3 and levels[1][0] else ""
        # Nobody's where it is in an object of which nothing was told.
        level = NOBODY if holder and not of_object else level_of_part(*levels[-1])
        unpublished = private and told.published is False
        if told.action == "publish":  # tells of the event and of its objects by itself
            of_object, of_event, unpublished = "", "", False
        elif not levels[0][0]:
            of_event = ""
        elif private and not told.published:
            of_event = level_of_event(*levels[0], hidden=True)
        else:
            of_event = level_of_event(*levels[0])
        note = AttributeTold(
            id_,
            event_id,
            holder,
            told.type,
            told.category,
            told.value,
            told.to_ids,
            _light(told.tags) if told.tags else "",
            level,
            of_object if holder else "",
            of_event,
            told.received,
            told.time,
            told.action,
            event.uuid,
            event.owner_id,
            unpublished,
        )
        self._note(told, writes, note)

    def no_attribute(self, told: AttributeDeleted, writes: Writes) -> None:
        """An attribute that was deleted."""
        if id_ := number(told.id):
            received = NEVER_TOO_OLD if told.hard else told.received.timestamp()
            self._note(told, writes, AttributeGone(id_, received))
        # It unpublishes the event, which is told here alone.
        if self._private and told.published is False and (event := number(told.event.id)):
            owner = number(told.event.owner_id)
            self._note(told, writes, EventIs(event, told.event.uuid, owner, NOBODY, NEVER_TOO_OLD, some=True))

    def event(self, told: EventShared, writes: Writes) -> None:
        """An event that was added, edited or published."""
        if told.levels and told.levels[0][0] and (id_ := number(told.event.id)):
            hidden = self._private and not told.published
            change = EventIs(
                id_,
                told.event.uuid,
                number(told.event.owner_id),
                level_of_event(*told.levels[0], hidden=hidden),
                told.received.timestamp(),
                _day(told.date),
                _light(told.tags if told.all_tags else (*told.tags, *told.event.tags)),
                some=not told.all_tags,
            )
            self._note(told, writes, change)

    def no_event(self, told: EventDeleted, writes: Writes) -> None:
        """An event that was deleted, with all it held."""
        if id_ := number(told.event.id):
            self._note(told, writes, EventGone(id_))

    def object(self, told: ObjectShared, writes: Writes) -> None:
        """An object that was added or edited."""
        if told.levels and told.levels[-1][0] and (id_ := number(told.id)):
            level = level_of_part(*told.levels[-1])
            self._note(told, writes, ObjectIs(id_, level, told.received.timestamp()))

    def no_object(self, told: ObjectDeleted, writes: Writes) -> None:
        """An object whose row is gone: what says that it is in it, is its owner's alone."""
        if told.hard and (id_ := number(told.id)):
            self._note(told, writes, ObjectIs(id_, NOBODY, told.received.timestamp()))

    def tag(self, told: TagAttached, writes: Writes) -> None:
        """A traffic light that was attached."""
        if not (light := light_of(told.tag.name)):
            return
        if id_ := number(told.attribute_id):
            self._note(told, writes, AttributeLit(id_, light, told.received.timestamp()))
        elif id_ := number(told.event.id):
            self._note(told, writes, EventLit(id_, light, told.received.timestamp()))

    def no_tag(self, told: TagDetached, writes: Writes) -> None:
        """A traffic light that was detached: an event keeps the strictest, as nothing tells which remain."""
        if light_of(told.tag.name) and (id_ := number(told.attribute_id)):
            self._note(told, writes, AttributeLit(id_, "", told.received.timestamp(), doubt=True))

    def group(self, told: SharingGroupTold, writes: Writes) -> None:
        """Who is in a sharing group."""
        members = None if told.members.everyone else {number(one) for one in told.members.organisations} - {0}
        self._note(told, writes, GroupIs(told.id, written(members), told.received.timestamp()))

    def alive(self, _told: FeedAlive, writes: Writes) -> None:
        """A quiet moment: what could not be brought in earlier is tried again."""
        writes.touch(_WHAT)

    def _note(self, told: Activity, writes: Writes, note: Note) -> None:
        if self._feed is None or self._feed == told.feed:
            writes.xadd(self._noted, note)
            writes.touch(_WHAT)


def _day(text: str) -> int:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return 0


def _light(tags: Iterable[Tag]) -> str:
    """The strictest traffic light among tags."""
    return strictest([light_of(tag.name) for tag in tags])
