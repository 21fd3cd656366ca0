"""`update`: what changed in MISP's database since the last run, into the generation that answers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from watchfloor_hashstore.audience import EVERYONE, NOBODY
from watchfloor_hashstore.bringing import catch_up
from watchfloor_hashstore.changes import AttributeGone, AttributeIs, Change, apply
from watchfloor_hashstore.errors import HashstoreError, NoStoreError
from watchfloor_hashstore.importing import Progress, Summary, source
from watchfloor_hashstore.keys import CHANGED, EVENTS, JOURNAL, OBJECTS
from watchfloor_hashstore.layout import day_of_second
from watchfloor_hashstore.narrowing import narrow
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.rows import Row, read_spec
from watchfloor_hashstore.seen import Seen, recall, remember
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.sources import misp
from watchfloor_hashstore.sources.accounts import count as count_keys
from watchfloor_hashstore.sources.accounts import keys_of
from watchfloor_hashstore.sources.mysql import Database, opened
from watchfloor_hashstore.state import locked, state
from watchfloor_hashstore.store import Store
from watchfloor_hashstore.traffic import since

_SLACK = 600  # seconds by which a transaction may end after the time stamp that it writes
_AT_ONCE = 1000


def update_misp(redis: Any, settings: Settings, progress: Progress) -> Summary:
    """Bring in attributes, events and objects that changed, all sharing groups, and all keys.

    Attributes whose rows are gone are found by an import only. HashstoreError says what is wrong.
    """
    with locked(redis, state(redis).generation) as lock:
        met = state(redis)
        if not met.imported:
            raise NoStoreError
        began = time.time()
        redis.delete(JOURNAL())
        store = Store(redis, met.generation, met.bits)
        with opened(settings.mysql) as database:
            if met.source != source(database):
                raise HashstoreError(
                    f"the store was imported from {met.source}, not from {source(database)}: run import first"
                )
            summary, seen = _update(store, database, settings, began, progress)
        lock.set({"since": began, "updated": time.time(), "events": summary.events})
        remember(store, seen)
        # What came live while the snapshot was read is newer than the snapshot.
        catch_up(redis, store, began)
    return summary


def _update(
    store: Store, database: Database, settings: Settings, began: float, progress: Progress
) -> tuple[Summary, Seen]:
    if not database.has("attributes", "timestamp"):
        raise HashstoreError("this MISP is too old for updates: its attributes have no timestamp; use import")
    _, highest = misp.count_attributes(database)
    seen = Seen(misp.clock(database), highest, traffic=misp.traffic_of_attributes(database))
    groups, closed = misp.groups(database), misp.objects(database)
    events = list(misp.events(database, unpublishedprivate=settings.unpublishedprivate))
    seen.events = {event.id: stamp for event, stamp in events}
    records = {event.id: event.packed() for event, _ in events}
    keys = keys_of(database, settings.authkeys)
    store.set_keys(keys)
    store.set_organisations(misp.organisations(database))
    narrow(store, groups, records, closed, whole=True)
    count = 0
    for chunk in _chunks(_changes(store, database, seen, began)):
        apply(store, chunk)
        count += len(chunk)
        progress(count, count)
    store.set_groups(groups, whole=True)
    _events(store, records)
    _objects(store, database, closed)
    return Summary(source(database), len(records), count, 0, len(groups), count_keys(keys)), seen


def _events(store: Store, records: Mapping[int, bytes]) -> None:
    """Write the events that differ from what the store has, and take away those that are gone."""
    before = store.held(EVENTS)
    gone = before.keys() - records.keys()
    different = {id_: record for id_, record in records.items() if before.get(id_) != record}
    store.set_events({**different, **dict.fromkeys(gone)})


def _objects(store: Store, database: Database, closed: Mapping[int, str]) -> None:
    """Write how far objects are shared; an object whose row is gone holds its attributes back."""
    before = store.held(OBJECTS)
    others = sorted(before.keys() - closed.keys())
    there: set[int] = set()
    for ids in _chunks(others):
        there |= misp.levels_of_objects(database, f"id IN ({','.join(map(str, ids))})").keys()
    store.set_objects({**closed, **{id_: EVERYONE if id_ in there else NOBODY for id_ in others}})


def _changes(store: Store, database: Database, seen: Seen, received: float) -> Iterator[Change]:
    """The attributes that changed since the last look at the database, and those that the feed lit."""
    attributes = misp.Attributes(database)
    lit = {str(id_) for id_, changed in store.held(CHANGED).items() if since(changed)}
    for where in _where(recall(store), seen, lit):
        for row, deleted in attributes.chosen(where):
            id_ = int(row[0])
            yield AttributeGone(id_, received) if deleted else change_of(row, seen.traffic, received)


def _where(before: Seen, seen: Seen, lit: set[str]) -> Iterator[str]:
    """What is true of attributes that changed: new ones, young ones, those of edited events, and others."""
    young = before.clock - _SLACK
    yield f"a.id > {before.highest}"
    yield f"a.timestamp >= {young} AND a.id <= {before.highest}"
    for some in _chunks(seen.edited(before).items()):
        within = " OR ".join(f"(a.event_id = {id_} AND a.timestamp >= {stamp})" for id_, stamp in some)
        yield f"a.timestamp < {young} AND a.id <= {before.highest} AND ({within})"
    for ids in _chunks(sorted(seen.relit(before) | lit)):
        yield f"a.id IN ({','.join(ids)})"


def change_of(row: Row, traffic: Mapping[str, str], received: float) -> AttributeIs:
    """A row of the database as a change."""
    id_, event, holder, stamp, spec, value1, value2 = row
    type_, category, to_ids, level = read_spec(spec)
    return AttributeIs(
        id=int(id_),
        event=int(event),
        object=int(holder),
        hashes=sorted(digests(type_, value1, value2)),
        level=level,
        type=type_,
        category=category,
        to_ids=to_ids,
        tlp=traffic.get(id_, ""),
        day=day_of_second(int(stamp)),
        received=received,
        edited=True,
    )


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _AT_ONCE)):
        yield chunk
