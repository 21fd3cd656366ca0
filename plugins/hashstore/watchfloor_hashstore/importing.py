"""`import` and `update`: from MISP's database into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from watchfloor_hashstore.generation import Building, building
from watchfloor_hashstore.layout import EventRecord
from watchfloor_hashstore.packing import packing
from watchfloor_hashstore.seen import Seen, remember
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.sources import misp
from watchfloor_hashstore.sources.accounts import count as count_keys
from watchfloor_hashstore.sources.accounts import keys_of
from watchfloor_hashstore.sources.mysql import Database, opened
from watchfloor_hashstore.store import Store

Progress = Callable[[int, int], None]
"""Called with how many attributes are done, and of how many."""

_HASHES = 1.25  # of an attribute, on the average of real MISPs: a hint, not a limit
_AT_ONCE = 2000


@dataclass(frozen=True)
class Summary:
    """What an import or update brought; `unseen` events do not say whom they are shared with."""

    source: str
    events: int = 0
    attributes: int = 0
    entries: int = 0
    groups: int = 0
    keys: int = 0
    unseen: int = 0


def import_misp(redis: Any, settings: Settings, progress: Progress) -> Summary:
    """Build everything anew from MISP's database and swap it in.

    Interrupted or failed, it leaves what was there in place. HashstoreError says what is wrong.
    """
    with building(redis) as made, opened(settings.mysql) as database:
        summary = _fill(made, database, settings, progress)
        made.swap(asdict(summary))
    return summary


def _fill(made: Building, database: Database, settings: Settings, progress: Progress) -> Summary:
    count, highest = misp.count_attributes(database)
    made.expect(int(count * _HASHES))
    groups = misp.groups(database)
    made.store.set_groups(groups)
    made.store.set_organisations(misp.organisations(database))
    made.store.set_objects(misp.objects(database))
    keys = keys_of(database, settings.authkeys)
    made.store.set_keys(keys)
    seen = Seen(misp.clock(database), highest, traffic=misp.traffic_of_attributes(database))
    seen.events = _write_events(
        made.store, misp.events(database, unpublishedprivate=settings.unpublishedprivate)
    )
    attributes, entries = _pack(made, database, (count, seen), progress)
    remember(made.store, seen)
    events = len(seen.events)
    return Summary(source(database), events, attributes, entries, len(groups), count_keys(keys))


def source(database: Database) -> str:
    """What the state calls a store that is filled from this database."""
    return f"mysql:{database.name}"


def _pack(made: Building, database: Database, size: tuple[int, Seen], progress: Progress) -> tuple[int, int]:
    """Every attribute through the packing processes; how many there were, and their entries."""
    count, seen = size
    attributes = 0
    with packing(made.store, seen.traffic, count) as pool:
        for part in misp.Attributes(database).parts():
            made.lock.check()
            pool.send(part.rows)
            attributes += part.size
            progress(min(count, count * part.last // max(seen.highest, 1)), count)
        pool.finish()
        progress(count, count)
        return attributes, pool.entries


def _write_events(store: Store, events: Iterable[tuple[EventRecord, int]]) -> dict[int, int]:
    """Write events; the time stamp of each."""
    chunk: dict[int, bytes | None] = {}
    stamps = {}
    for event, stamp in events:
        chunk[event.id] = event.packed()
        stamps[event.id] = stamp
        if len(chunk) == _AT_ONCE:
            store.set_events(chunk)
            chunk = {}
    store.set_events(chunk)
    return stamps
