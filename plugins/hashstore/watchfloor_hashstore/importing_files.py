"""Import from files: the same generation, packing and swap as from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from watchfloor_hashstore.audience import EVERYONE
from watchfloor_hashstore.generation import Building, building
from watchfloor_hashstore.importing import Progress, Summary
from watchfloor_hashstore.packing import Here
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.sources.files import Contents, Ids, bytes_in, contents, events_in

_BYTES = 500  # of an attribute: a guess at how large the store will be


def import_files(
    redis: Any, settings: Settings, paths: Sequence[Path], progress: Progress, *, everyone: bool
) -> Summary:
    """Build everything anew from files and folders, and swap it in.

    As told by the files, or with everything open to `everyone`. Interrupted or failed, it leaves what
    was there in place.
    """
    with building(redis) as made:
        made.expect(bytes_in(paths) // _BYTES)
        summary = _Filling(made, settings, everyone=everyone).fill(paths, progress)
        made.swap(asdict(summary))
    return summary


class _Filling:
    def __init__(self, made: Building, settings: Settings, *, everyone: bool) -> None:
        self._made = made
        self._private = settings.unpublishedprivate
        self._everyone = everyone
        self._ids = Ids()
        self._traffic: dict[str, str] = {}
        self._packing = Here(made.store, self._traffic)
        self._groups: dict[str, str] = {}

    def fill(self, paths: Sequence[Path], progress: Progress) -> Summary:
        events = attributes = unseen = 0
        for event in events_in(paths):
            self._made.lock.check()
            found = contents(event, self._ids, everyone=self._everyone, unpublishedprivate=self._private)
            self._add(found)
            events, attributes = events + 1, attributes + len(found.rows)
            unseen += not self._everyone and event.get("distribution") is None
            progress(attributes, attributes)
        self._packing.finish()
        self._made.store.set_groups(self._groups)
        source = f"files:{', '.join(path.name or str(path) for path in paths)}"[:200]
        return Summary(source, events, attributes, self._packing.entries, len(self._groups), unseen=unseen)

    def _add(self, found: Contents) -> None:
        store = self._made.store
        store.set_events({found.event.id: found.event.packed()})
        store.set_objects({id_: level for id_, level in found.objects.items() if level != EVERYONE})
        self._groups |= found.groups
        self._traffic.clear()
        self._traffic |= found.traffic
        self._packing.send(found.rows)
