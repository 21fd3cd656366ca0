"""What handlers note, and the changes that it means.

Thousands of attributes come in a second: one is noted as it was told, which costs next to nothing. What
that means, its hashes above all, is worked out for many at once, when they are brought in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from watchfloor import Level
from watchfloor_hashstore.audience import NOBODY, level_of_event, level_of_part, number
from watchfloor_hashstore.changes import AttributeIs, Change, EventGone, EventIs, ObjectIs
from watchfloor_hashstore.layout import day_of_second
from watchfloor_hashstore.portable.hashing import digests_of_whole

NEVER_TOO_OLD = float(2**62)


class AttributeTold(Struct, frozen=True, gc=False, array_like=True, tag="told", tag_field="what"):
    """An attribute that was added or edited, as told; times and `action` are the activity's.

    `uuid`, `owner`, `levels[0]` and `published` are its event's.
    """

    id: int
    event: int
    object: int
    type: str
    category: str
    value: str
    to_ids: bool
    tlp: str
    levels: tuple[Level, ...]
    received: datetime  # what takes MISP's time apart costs as much as all the rest: it can wait
    time: datetime
    action: str
    uuid: str
    owner: str
    published: bool | None

    @property
    def held(self) -> bool:
        """Whether something was told of the object that holds it."""
        return len(self.levels) == 3 and bool(self.levels[1][0])


Note: TypeAlias = AttributeTold | Change

encode = Encoder().encode
decode: Callable[[bytes], list[Note]] = Decoder(list[Note]).decode


def changes_of(notes: Iterable[Note], *, private: bool = False) -> list[Change]:
    """The last change of each thing, and what tells of an event in its order.

    `private` where unpublished events are their owners' alone.
    """
    last: dict[str, dict[int | str, Note]] = {
        about: {} for about in ("attribute", "object", "partly", "group")
    }
    attributes = last["attribute"]
    events: defaultdict[int, list[Note]] = defaultdict(list)
    for note in notes:
        if not isinstance(note, AttributeTold):
            if isinstance(note, EventIs | EventGone) and note.about == "event":
                _tell(events[note.id], note)
            else:
                last[note.about][note.id] = note
            continue
        attributes[note.id] = note
        if note.action != "publish":  # which tells of the event and of its objects by itself
            if note.levels[0][0]:
                # An unpublished event may have been published before: then its attributes tell of the change.
                if private and note.published is False:
                    _tell(events[note.event], note)
                else:
                    last["partly"][note.event] = note
            if note.object and note.held:
                last["object"][note.object] = note
    of_things = ((about, note) for about, things in last.items() for note in things.values())
    of_events = (("event", note) for told in events.values() for note in told)
    return [
        _MEANS[about](note, private) if isinstance(note, AttributeTold) else note
        for about, note in (*of_things, *of_events)
    ]


def _tell(told: list[Note], note: AttributeTold | EventIs | EventGone) -> None:
    """Add a note to those about an event, of which it may take the place."""
    if isinstance(note, AttributeTold):
        if told and isinstance(told[-1], AttributeTold):
            told.pop()
    elif isinstance(note, EventGone) or not note.some:
        told.clear()
    told.append(note)


def _attribute(told: AttributeTold, _private: bool) -> AttributeIs:
    """What an attribute tells of itself."""
    return AttributeIs(
        told.id,
        told.event,
        digests_of_whole(told.type, told.value),
        # Nobody's where it is in an object of which nothing was told.
        NOBODY if told.object and not told.held else level_of_part(*told.levels[-1]),
        told.type,
        told.category,
        told.received.timestamp(),
        told.to_ids,
        told.tlp,
        day_of_second(int(told.time.timestamp())),
        told.object,
        told.action != "add",
    )


def _object(told: AttributeTold, _private: bool) -> ObjectIs:
    """What it tells of the object that holds it."""
    return ObjectIs(told.object, level_of_part(*told.levels[1]), told.received.timestamp())


def _event(told: AttributeTold, private: bool) -> EventIs:
    """What it tells of its event, in case nothing else does."""
    unpublished = private and told.published is False
    return EventIs(
        told.event,
        told.uuid,
        number(told.owner),
        level_of_event(*told.levels[0], hidden=private and not told.published),
        NEVER_TOO_OLD,
        partly=not unpublished,
        some=unpublished,
    )


_MEANS: Mapping[str, Callable[[AttributeTold, bool], Change]] = {
    "attribute": _attribute,
    "object": _object,
    "partly": _event,
    "event": _event,
}
