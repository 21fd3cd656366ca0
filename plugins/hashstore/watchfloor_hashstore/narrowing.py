"""Before changes bring in anything new: what both the old rule and the new one let people see.

An event that was opened may hold what was closed at the same time. Nobody must be shown what MISP showed
neither before nor after, however long a change takes, and should it die in the midst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from watchfloor_hashstore.audience import EVERYONE, meet, read, written
from watchfloor_hashstore.keys import EVENTS, GROUPS, OBJECTS
from watchfloor_hashstore.layout import AUDIENCE, EventRecord
from watchfloor_hashstore.scripts import GONE, NO_EVENT, SOME
from watchfloor_hashstore.store import Store


def narrow(
    store: Store,
    groups: Mapping[str, str],
    events: Mapping[int, bytes],
    objects: Mapping[int, str],
    *,
    whole: bool = False,
) -> None:
    """Narrow what is there to where it meets what shall be: groups, packed events, objects.

    Groups and events that are not named go when it is the `whole` of them.
    """
    _groups(store, groups, whole=whole)
    _events(store, events, whole=whole)
    closed = {id_: level for id_, level in objects.items() if level != EVERYONE}
    before = store.held(OBJECTS, None if whole else closed)
    levels = {id_: before[id_].decode() if id_ in before else EVERYONE for id_ in closed}
    met = {id_: meet(levels[id_], level) for id_, level in closed.items()}
    store.set_objects({id_: level for id_, level in met.items() if level != levels[id_]})


def _groups(store: Store, groups: Mapping[str, str], *, whole: bool) -> None:
    if not (groups or whole):
        return
    before = store.redis.hgetall(GROUPS(generation=store.generation))
    members = {group.decode(): text.decode() for group, text in before.items()}
    named = members if whole else members.keys() & groups.keys()
    store.set_groups({group: _both(members[group], groups.get(group, "")) for group in named})


def _both(one: str, other: str) -> str:
    """The members of a group who are in it both times."""
    first, second = read(one), read(other)
    if first is None or second is None:
        return other if first is None else one
    return written(first & second)


def _events(store: Store, events: Mapping[int, bytes], *, whole: bool) -> None:
    before = store.held(EVENTS, None if whole else events)
    store.change_events(
        change
        for id_, record in before.items()
        for change in _narrowed(id_, record, events.get(id_, NO_EVENT))
    )


def _narrowed(id_: int, record: bytes, changed: bytes) -> list[tuple[bytes, int, bytes]]:
    """What is to be changed of an event that is there."""
    if changed == NO_EVENT:
        return [(GONE, id_, NO_EVENT)]
    if record[AUDIENCE] == changed[AUDIENCE]:
        return []
    old, now = EventRecord.unpacked(record), EventRecord.unpacked(changed)
    owner = old.owner if old.owner == now.owner else 0
    met = replace(old, level=meet(old.level, now.level), owner=owner)
    return [] if met == old else [(SOME, id_, replace(met, day=0, tlp="").packed())]
