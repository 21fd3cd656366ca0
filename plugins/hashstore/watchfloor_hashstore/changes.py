"""Changes to what is in the store, from the live feed, an update or a file: doing one twice changes nothing.

The last change of each thing counts. One that was received before the store's snapshot was taken is in it
already and is passed over, but for what is gone for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from watchfloor_hashstore.keys import JOURNAL
from watchfloor_hashstore.layout import ENTRY, EventRecord, flags, level_and_type, suffix
from watchfloor_hashstore.state import State, state
from watchfloor_hashstore.store import Store, field_of

_SKEW = 5.0  # seconds by which two clocks may differ
_DAY = 86_400
_AT_ONCE = 1000


class AttributeIs(Struct, frozen=True, tag="attribute", tag_field="what", omit_defaults=True):
    """An attribute that stands. `hashes` are its values' (32 bytes each), `level` its own.

    `edited` when it may have had other values before. `received` is in Unix seconds.
    """

    id: int
    event: int
    hashes: list[bytes]
    level: str
    type: str
    category: str
    received: float
    to_ids: bool = False
    tlp: str = ""
    day: int = 0
    object: int = 0
    edited: bool = False


class AttributeGone(Struct, frozen=True, tag="no attribute", tag_field="what", omit_defaults=True):
    """An attribute that was deleted; `hard` when it cannot come back."""

    id: int
    received: float
    hard: bool = False


class ObjectIs(Struct, frozen=True, tag="object", tag_field="what", omit_defaults=True):
    """How far an object is shared."""

    id: int
    level: str
    received: float


class EventIs(Struct, frozen=True, tag="event", tag_field="what", omit_defaults=True):
    """An event that stands; `partly` when only what an attribute tells of it is known."""

    id: int
    uuid: str
    owner: int
    level: str
    received: float
    day: int = 0
    tlp: str = ""
    partly: bool = False

    def record(self) -> bytes:
        """As the store holds it."""
        return EventRecord(self.uuid, self.id, self.owner, self.level, self.day, self.tlp).packed()


class EventGone(Struct, frozen=True, tag="no event", tag_field="what", omit_defaults=True):
    """An event that was deleted, and all in it."""

    id: int


class GroupIs(Struct, frozen=True, tag="group", tag_field="what", omit_defaults=True):
    """Who is in a sharing group, as `audience.written` writes it."""

    id: str
    members: str
    received: float


Change: TypeAlias = AttributeIs | AttributeGone | ObjectIs | EventIs | EventGone | GroupIs

encode = Encoder().encode
decode: Any = Decoder(Change).decode


def field_name(change: Change) -> str:
    """What a change is about: a later one of the same name takes its place."""
    if isinstance(change, EventIs) and change.partly:
        return f"partly {change.id}"
    return f"{str(change.__struct_config__.tag).removeprefix('no ')} {change.id}"


def apply(store: Store, changes: Sequence[Change], since: float = 0.0) -> None:
    """Bring changes into a generation whose snapshot was taken at `since`.

    What narrows an audience comes first; an attribute's new hashes are there before the old ones go.
    """
    new = [change for change in changes if _counts(change, since)]
    groups = {change.id: change.members for change in new if isinstance(change, GroupIs)}
    if groups:
        store.set_groups(groups)
    _set_events(store, [change for change in new if isinstance(change, EventIs | EventGone)])
    store.set_objects({change.id: change.level for change in new if isinstance(change, ObjectIs)})
    stand = [change for change in new if isinstance(change, AttributeIs)]
    _put(store, stand)
    store.set_changed(
        {change.id: b"".join(map(suffix, change.hashes)) for change in stand if change.edited}
        | {change.id: b"" for change in new if isinstance(change, AttributeGone)}
    )


def _counts(change: Change, since: float) -> bool:
    if isinstance(change, EventGone) or (isinstance(change, AttributeGone) and change.hard):
        return True
    return change.received >= since - _SKEW


def _set_events(store: Store, changes: Iterable[EventIs | EventGone]) -> None:
    partly = {c.id: c.record() for c in changes if isinstance(c, EventIs) and c.partly}
    whole = {
        c.id: c.record() if isinstance(c, EventIs) else None
        for c in changes
        if isinstance(c, EventGone) or not c.partly
    }
    if partly:
        store.add_events(partly)
    store.set_events(whole)


def _put(store: Store, attributes: Sequence[AttributeIs]) -> None:
    if not attributes:
        return
    levels = store.numbers("level", (change.level for change in attributes))
    types = store.small_numbers("type", (change.type for change in attributes))
    categories = store.small_numbers("category", (change.category for change in attributes))
    puts = []
    for change in attributes:
        id_ = change.id & 0xFFFFFFFF
        field = field_of(id_)
        both = level_and_type(levels[change.level], types[change.type])
        marks = flags(change.tlp, to_ids=change.to_ids)
        rest = id_, change.event & 0xFFFFFFFF, change.object & 0xFFFFFFFF, both
        for digest in change.hashes:
            part = digest[4:12]
            packed = ENTRY.pack(part, *rest, categories[change.category], marks, change.day)
            puts.append((digest, part + field, packed))
    store.put(puts)


def bring_in(redis: Any, changes: Sequence[Change]) -> State:
    """Apply changes to what answers now, and to what an import is making; the state that they met.

    What is noted before the state is read reaches the generation of an import that ends meanwhile.
    """
    met = state(redis)
    if met.building:
        with redis.pipeline(transaction=False) as pipe:
            for change in changes:
                pipe.xadd(JOURNAL(), {"change": encode(change)})
            pipe.expire(JOURNAL(), _DAY)
            pipe.execute()
    while True:
        apply(Store(redis, met.generation, met.bits), changes, met.since)
        now = state(redis)
        if now.generation == met.generation:
            return now
        met = now


def catch_up(redis: Any, store: Store, since: float) -> None:
    """Apply what the journal of an import holds, in its order, until nothing comes any more."""
    last = b"-"
    while entries := redis.xrange(JOURNAL(), min=last, count=_AT_ONCE):
        latest = {field_name(c): c for c in (decode(fields[b"change"]) for _, fields in entries)}
        apply(store, list(latest.values()), since)
        last = b"(" + entries[-1][0]
