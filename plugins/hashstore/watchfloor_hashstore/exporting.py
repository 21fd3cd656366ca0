"""`export`: what one audience may see, into one file that needs nothing to be looked up."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any

from watchfloor_hashstore.audience import EVERYONE, NOBODY, Caller, caller, read
from watchfloor_hashstore.errors import NoStoreError
from watchfloor_hashstore.keys import CHANGED, ENTRIES, EVENTS, GROUPS, NAMES, OBJECTS
from watchfloor_hashstore.layout import ENTRY, SHARDS, TLP, EventRecord, as_bytes, holds
from watchfloor_hashstore.portable import archive
from watchfloor_hashstore.state import State, state
from watchfloor_hashstore.traffic import shown

_SCAN = 2000
_FEW = 2_000_000  # entries up to which two bytes lead to a handful of entries
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scope:
    """For whom: an organisation by its local id, or None for everyone on the instance.

    `tlp` is the strictest traffic light that may be in it, "" for any. `expires` is in Unix seconds.
    """

    organisation: int | None = None
    name: str = "community"
    tlp: str = ""
    expires: int = 0


class Exporter:
    """Reads a generation as one audience sees it."""

    def __init__(self, redis: Any, scope: Scope) -> None:
        self._redis = redis
        self._scope = scope
        self.state: State = state(redis)
        if not (self.state.imported or redis.hlen(EVENTS(generation=self.state.generation))):
            raise NoStoreError
        self._groups = self._texts(GROUPS)
        members = {group: read(text) for group, text in self._groups.items()}
        self._caller: Caller = caller(scope.organisation, members)
        self._events = {
            int.from_bytes(field, "big"): EventRecord.unpacked(record)
            for field, record in redis.hgetall(EVENTS(generation=self.state.generation)).items()
        }
        self._objects = {
            int.from_bytes(field, "big"): level.decode()
            for field, level in redis.hgetall(OBJECTS(generation=self.state.generation)).items()
        }
        self._changed: dict[bytes, bytes] = redis.hgetall(CHANGED(generation=self.state.generation))
        self._names = self._numbered()
        self.events: dict[int, int] = {}

    def _texts(self, family: Any) -> dict[str, str]:
        raw = self._redis.hgetall(family(generation=self.state.generation))
        return {name.decode(): value.decode() for name, value in raw.items()}

    def _numbered(self) -> dict[str, dict[int, str]]:
        names: dict[str, dict[int, str]] = {"level": {}, "type": {0: ""}, "category": {0: ""}}
        for field, number in self._texts(NAMES).items():
            kind, _, name = field.partition(":")
            if kind in names:
                names[kind][int(number)] = name
        return names

    def listed(self, kind: str) -> list[str]:
        """The names of a kind by number; those that no entry can hold are left out."""
        known = self._names[kind]
        return [known.get(number, "") for number in range(min(max(known) + 1, 256))]

    def entries(self, progress: Progress) -> Iterator[tuple[bytes, bytes]]:
        """What the audience sees: 8 bytes of the hash, and the rest of the entry in the file."""
        for shard in range(SHARDS):
            key = ENTRIES(generation=self.state.generation, shard=shard)
            for _, bucket in self._redis.hscan_iter(key, count=_SCAN):
                yield from self._visible(bucket)
            progress(shard + 1, SHARDS)

    def _visible(self, bucket: bytes) -> Iterator[tuple[bytes, bytes]]:
        for suffix, attribute, event_id, holder, both, category, flags, day in ENTRY.iter_unpack(bucket):
            event = self._events.get(event_id)
            if event is None or not self._sees(event, holder, both >> 8):
                continue
            now = self._changed.get(attribute.to_bytes(4, "big"))
            if not holds(now, suffix):
                continue
            tlp = shown(flags >> 1, TLP.index(event.tlp), now or b"")
            if self._scope.tlp and tlp > TLP.index(self._scope.tlp):
                continue
            number = self.events.setdefault(event_id, len(self.events))
            yield suffix, _REST.pack(number, both & 0xFF, category, flags & 1 | tlp << 1, day or event.day)

    def _sees(self, event: EventRecord, holder: int, level: int) -> bool:
        own = self._names["level"].get(level, NOBODY)
        return self._caller.sees(event.owner, event.level, self._objects.get(holder, EVERYONE), own)

    def event_table(self) -> Iterator[bytes]:
        """The events that entries name, in their order."""
        for event_id in self.events:
            event = self._events[event_id]
            yield archive.EVENT.pack(as_bytes(event.uuid), event.id)


_REST = Struct(">IBBBH")


def export(redis: Any, scope: Scope, out: Path, progress: Progress, key: bytes = b"") -> dict[str, Any]:
    """Write the file, whole or not at all; its labels. With a key, hashes are HMACs."""
    exporter, identity = Exporter(redis, scope), archive.identified(key)
    found = {identity(suffix) + rest for suffix, rest in exporter.entries(progress)}
    entries = sorted(found)
    prefix = 2 if len(entries) <= _FEW else 3
    body = [_index(entries, prefix), *entries, *exporter.event_table()]
    about = {
        **labels(exporter.state, scope),
        "prefix": prefix,
        "entries": len(entries),
        "events": len(exporter.events),
        "types": exporter.listed("type"),
        "categories": exporter.listed("category"),
        "key": archive.key_check(key),
        "sha256": _checksum(body),
    }
    text = json.dumps(about).encode()
    write(out, [archive.MAGIC, len(text).to_bytes(4, "big"), text, *body])
    return about


def labels(met: State, scope: Scope) -> dict[str, Any]:
    """For whom a file is, of which store it is, and when it was made."""
    return {
        "version": 1,
        "scope": scope.name,
        "organisation": scope.organisation,
        "tlp": scope.tlp,
        "created": int(time.time()),
        "expires": scope.expires,
        "source": met.source,
        "imported": met.imported,
        "updated": met.updated,
    }


def _index(entries: Sequence[bytes], prefix: int) -> bytes:
    """For each first bytes, how many entries have lower ones."""
    counts = [0] * (256**prefix + 1)
    for entry in entries:
        counts[int.from_bytes(entry[:prefix], "big") + 1] += 1
    total = 0
    for at, count in enumerate(counts):
        total += count
        counts[at] = total
    return b"".join(count.to_bytes(4, "big") for count in counts)


def _checksum(body: Sequence[bytes]) -> str:
    found = hashlib.sha256()
    for part in body:
        found.update(part)
    return found.hexdigest()


def write(out: Path, parts: Iterable[bytes]) -> None:
    """Write a file of these parts, whole or not at all."""
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with aside.open("xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
