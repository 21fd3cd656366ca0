"""`update`: what changed in MISP's database since the last run, into the generation that answers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from watchfloor_hashstore.audience import EVERYONE, NOBODY
from watchfloor_hashstore.changes import AttributeGone, AttributeIs, Change, apply, catch_up
from watchfloor_hashstore.errors import HashstoreError, NoStoreError
from watchfloor_hashstore.importing import Progress, Summary
from watchfloor_hashstore.keys import EVENTS, JOURNAL, OBJECTS
from watchfloor_hashstore.layout import day_of_second
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.rows import Row, read_spec
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.sources import misp
from watchfloor_hashstore.sources.accounts import count as count_keys
from watchfloor_hashstore.sources.accounts import keys_of
from watchfloor_hashstore.sources.mysql import Database, opened
from watchfloor_hashstore.state import State, locked, state
from watchfloor_hashstore.store import Store

_SLACK = 600  # seconds by which a transaction may end after the time stamp that it writes
_AT_ONCE = 1000


def update_misp(redis: Any, settings: Settings, progress: Progress) -> Summary:
    """Bring in attributes, events and objects that changed, all sharing groups, and all keys.

    Attributes whose rows are gone are found by an import only. HashstoreError says what is wrong.
    """
    with locked(redis, state(redis).generation) as lock:
        met = state(redis)
        if not met.source.startswith("mysql:"):
            raise (
                NoStoreError
                if not met.imported
                else HashstoreError(
                    f"the store was imported from {met.source}, not from MISP's database: run import first"
                )
            )
        began = time.time()
        redis.delete(JOURNAL())
        store = Store(redis, met.generation, met.bits)
        with opened(settings.mysql) as database:
            summary = _update(store, database, settings, (met, began), progress)
        lock.set({"since": began, "updated": time.time(), "events": summary.events})
        # What came live while the snapshot was read is newer than the snapshot.
        catch_up(redis, store, began)
    return summary


def _update(
    store: Store, database: Database, settings: Settings, times: tuple[State, float], progress: Progress
) -> Summary:
    met, began = times
    groups = misp.groups(database)
    store.set_groups(groups, whole=True)
    keys = keys_of(database, settings.authkeys)
    store.set_keys(keys)
    store.set_organisations(misp.organisations(database))
    events = _events(store, database, settings)
    _objects(store, database)
    count = 0
    for chunk in _chunks(_attributes(database, int(met.since) - _SLACK, began)):
        apply(store, chunk)
        count += len(chunk)
        progress(count, count)
    return Summary(met.source, events, count, 0, len(groups), count_keys(keys))


def _events(store: Store, database: Database, settings: Settings) -> int:
    """Write the events that differ from what the store has; how many there are."""
    key = EVENTS(generation=store.generation)
    before: dict[bytes, bytes] = store.redis.hgetall(key)
    now = {
        event.id: event.packed()
        for event in misp.events(database, unpublishedprivate=settings.unpublishedprivate)
    }
    gone = {int.from_bytes(field, "big") for field in before} - now.keys()
    different = {id_: record for id_, record in now.items() if before.get(id_.to_bytes(4, "big")) != record}
    store.set_events({**different, **dict.fromkeys(gone)})
    return len(now)


def _objects(store: Store, database: Database) -> None:
    """Write how far objects are shared; an object whose row is gone holds its attributes back."""
    closed = misp.objects(database)
    before = {
        int.from_bytes(field, "big") for field in store.redis.hkeys(OBJECTS(generation=store.generation))
    }
    others = sorted(before - closed.keys())
    there: set[int] = set()
    for ids in _chunks(others):
        there |= misp.levels_of_objects(database, f"id IN ({','.join(map(str, ids))})").keys()
    store.set_objects({**closed, **{id_: EVERYONE if id_ in there else NOBODY for id_ in others}})


def _attributes(database: Database, since: int, received: float) -> Iterator[Change]:
    if not database.has("attributes", "timestamp"):
        raise HashstoreError("this MISP is too old for updates: its attributes have no timestamp; use import")
    traffic = misp.traffic_of_attributes(database)
    for row in misp.Attributes(database).chosen("a.timestamp >= %s", since):
        yield change_of(row, traffic, received)
    if database.has("attributes", "deleted"):
        sql = "SELECT id FROM attributes WHERE deleted = 1 AND timestamp >= %s"
        for (id_,) in database.rows(sql, since):
            yield AttributeGone(id_, received)


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
