"""Before an update brings in anything new: what both the old rule and the new one let people see.

An event that was opened may hold what was closed at the same time. Nobody must be shown what MISP showed
neither before nor after, however long the update takes, and should it die in the midst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from watchfloor_hashstore.audience import EVERYONE, meet, read, written
from watchfloor_hashstore.keys import EVENTS, GROUPS, OBJECTS
from watchfloor_hashstore.layout import EventRecord
from watchfloor_hashstore.store import Store, field_of


def narrow(
    store: Store, groups: Mapping[str, str], events: Iterable[EventRecord], objects: Mapping[int, str]
) -> None:
    """Narrow what is there to where it meets what shall be: groups, events, and objects that are closed."""
    _groups(store, groups)
    _events(store, events)
    before = {
        int.from_bytes(field, "big"): level.decode()
        for field, level in store.redis.hgetall(OBJECTS(generation=store.generation)).items()
    }
    met = {id_: meet(before.get(id_, EVERYONE), level) for id_, level in objects.items()}
    store.set_objects({id_: level for id_, level in met.items() if level != before.get(id_, EVERYONE)})


def _groups(store: Store, groups: Mapping[str, str]) -> None:
    before = store.redis.hgetall(GROUPS(generation=store.generation))
    members = {group.decode(): text.decode() for group, text in before.items()}
    store.set_groups({group: _both(text, groups.get(group, "")) for group, text in members.items()})


def _both(one: str, other: str) -> str:
    """The members of a group who are in it both times."""
    first, second = read(one), read(other)
    if first is None or second is None:
        return other if first is None else one
    return written(first & second)


def _events(store: Store, events: Iterable[EventRecord]) -> None:
    before: dict[bytes, bytes] = store.redis.hgetall(EVENTS(generation=store.generation))
    met: dict[int, bytes | None] = {}
    for event in events:
        record = before.pop(field_of(event.id), None)
        if record is None:
            continue
        old = EventRecord.unpacked(record)
        owner = old.owner if old.owner == event.owner else 0
        packed = replace(old, level=meet(old.level, event.level), owner=owner).packed()
        if packed != record:
            met[event.id] = packed
    store.set_events({**met, **{int.from_bytes(field, "big"): None for field in before}})
