"""What handlers note, and the changes that it means.

Thousands of attributes come in a second: one is noted as it was told, which costs next to nothing. What
that means, its hashes above all, is worked out for many at once, when they are brought in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain
from typing import TypeAlias

from msgspec import Struct
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from watchfloor_hashstore.audience import number
from watchfloor_hashstore.changes import (
    NEVER_TOO_OLD,
    AttributeGone,
    AttributeIs,
    AttributeLit,
    Change,
    EventGone,
    EventIs,
    EventLit,
    GroupIs,
    ObjectIs,
)
from watchfloor_hashstore.layout import day_of_second
from watchfloor_hashstore.portable.hashing import digests_of_whole
from watchfloor_hashstore.traffic import strictest


class AttributeTold(Struct, frozen=True, gc=False, array_like=True, tag="told", tag_field="what"):
    """An attribute that was added or edited, as told; times and `action` are the activity's.

    `level`, `of_object` and `of_event` are how far the three let themselves be seen; the latter two are ""
    where that was not told. `uuid`, `owner` and `unpublished` are its event's.
    """

    id: int
    event: int
    object: int
    type: str
    category: str
    value: str
    to_ids: bool
    tlp: str
    level: str
    of_object: str
    of_event: str
    received: datetime  # what takes MISP's time apart costs as much as all the rest: it can wait
    time: datetime
    action: str
    uuid: str
    owner: str
    unpublished: bool


Note: TypeAlias = AttributeTold | Change

encode = Encoder().encode
decode: Callable[[bytes], list[Note]] = Decoder(list[Note]).decode


def changes_of(notes: Iterable[Note]) -> list[Change]:
    """The last change of each thing, and what tells of an event in its order."""
    last = _Last()
    last.read(notes)
    return last.changes()


class _Last:
    """What counts of notes."""

    def __init__(self) -> None:
        self._attributes: dict[int, AttributeTold | AttributeIs | AttributeGone] = {}
        self._lights: dict[int, AttributeLit] = {}
        self._objects: dict[int, AttributeTold | ObjectIs] = {}
        self._partly: dict[int, AttributeTold | EventIs] = {}
        self._events: defaultdict[int, list[Note]] = defaultdict(list)
        self._groups: dict[str, GroupIs] = {}

    def read(self, notes: Iterable[Note]) -> None:
        """Take in notes, in their order; most are of attributes, which tell of more than themselves."""
        attributes, lights = self._attributes, self._lights
        objects, partly = self._objects, self._partly
        for note in notes:
            if not isinstance(note, AttributeTold):
                self._changed(note)
                continue
            attributes[note.id] = note
            if lights and note.action != "publish":  # which does not tell of all tags
                lights.pop(note.id, None)
            if note.of_object:
                objects[note.object] = note
            if note.of_event and note.unpublished:
                # It may have been published before: then its attributes tell of the change.
                self._event(note.event, note)
            elif note.of_event:
                partly[note.event] = note

    def _changed(self, note: Change) -> None:
        """What is a change already."""
        if isinstance(note, AttributeIs | AttributeGone):
            self._attributes[note.id] = note
            self._lights.pop(note.id, None)
        elif isinstance(note, AttributeLit):
            self._lights[note.id] = _both(self._lights.get(note.id), note)
        elif isinstance(note, ObjectIs):
            self._objects[note.id] = note
        elif isinstance(note, GroupIs):
            self._groups[note.id] = note
        elif isinstance(note, EventIs) and note.partly:
            self._partly[note.id] = note
        else:
            self._event(note.id, note)

    def changes(self) -> list[Change]:
        """What it comes to."""
        attributes, lights = self._attributes, self._lights
        for id_ in attributes.keys() & lights.keys():
            told, light = attributes[id_], lights[id_]
            if isinstance(told, AttributeGone):
                del lights[id_]
            elif not light.doubt:
                attributes[id_] = replace(told, tlp=strictest((told.tlp, lights.pop(id_).tlp)))
        events = chain(self._partly.values(), *self._events.values())
        return [
            *_meant(attributes.values(), _attribute),
            *_meant(self._objects.values(), _object),
            *_meant(events, _event),
            *self._groups.values(),
            *lights.values(),
        ]

    def _event(self, id_: int, note: AttributeTold | EventIs | EventLit | EventGone) -> None:
        """Add a note to those of an event, of which it may take the place."""
        before = self._events[id_]
        if isinstance(note, AttributeTold):
            if before and isinstance(before[-1], AttributeTold):
                before.pop()
        elif isinstance(note, EventGone) or (isinstance(note, EventIs) and not note.some):
            before.clear()
        before.append(note)


def _both(before: AttributeLit | None, now: AttributeLit) -> AttributeLit:
    """What two notes tell of the traffic lights of an attribute."""
    if before is None:
        return now
    return replace(now, tlp=strictest((before.tlp, now.tlp)), doubt=before.doubt or now.doubt)


def _meant(notes: Iterable[Note], means: Callable[[AttributeTold], Change]) -> Iterable[Change]:
    """The changes among notes, and what attributes mean."""
    return [means(note) if isinstance(note, AttributeTold) else note for note in notes]


def _attribute(told: AttributeTold) -> AttributeIs:
    """What an attribute tells of itself."""
    return AttributeIs(
        told.id,
        told.event,
        digests_of_whole(told.type, told.value),
        told.level,
        told.type,
        told.category,
        told.received.timestamp(),
        told.to_ids,
        told.tlp,
        day_of_second(int(told.time.timestamp())),
        told.object,
        told.action != "add",
    )


def _object(told: AttributeTold) -> ObjectIs:
    """What it tells of the object that holds it."""
    return ObjectIs(told.object, told.of_object, told.received.timestamp())


def _event(told: AttributeTold) -> EventIs:
    """What it tells of its event, in case nothing else does."""
    return EventIs(
        told.event,
        told.uuid,
        number(told.owner),
        told.of_event,
        NEVER_TOO_OLD,
        partly=not told.unpublished,
        some=told.unpublished,
    )
