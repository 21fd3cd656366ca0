"""Events in JSON files, as MISP exports them, and in folders of feeds with a `manifest.json`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from watchfloor_hashstore.audience import EVERYONE, level_of_event, level_of_part, written
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.layout import TLP, EventRecord, day_number
from watchfloor_hashstore.portable.hashing import split
from watchfloor_hashstore.rows import Row, spec

_MADE = 0x80000000  # ids above are made here: MISP's own are signed numbers of 32 bits
_TRAFFIC = {**{f"tlp:{name}": name for name in TLP if name}, "tlp:white": "clear"}


@dataclass
class Contents:
    """What an event brings: its record, how far its objects are shared, rows of attributes, groups."""

    event: EventRecord
    objects: dict[int, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    traffic: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


def events_in(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The events of files and of folders, as written. HashstoreError names a file that holds none."""
    for path in paths:
        for file in _files(path):
            yield from _events(file)


def bytes_in(paths: Iterable[Path]) -> int:
    """How many bytes these files have; one that is not there is named when it is read."""
    files = (file for path in paths for file in _files(path))
    return sum(file.stat().st_size for file in files if file.is_file())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    manifest = path / "manifest.json"
    if manifest.is_file():
        listed = _read(manifest)
        names = [str(name) for name in listed] if isinstance(listed, dict) else []
        yield from (path / f"{uuid.UUID(name)}.json" for name in names if _is_uuid(name))
        return
    yield from sorted(path.rglob("*.json"))


def _is_uuid(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


def _read(file: Path) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise HashstoreError(f"cannot read {file}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HashstoreError(f"{file} is not JSON: {error}") from error


def _events(file: Path) -> Iterator[dict[str, Any]]:
    found = _read(file)
    if isinstance(found, dict) and isinstance(found.get("response"), list | dict):
        found = found["response"]
    for item in found if isinstance(found, list) else [found]:
        event = item.get("Event") if isinstance(item, dict) else None
        if not isinstance(event, dict):
            raise HashstoreError(f"{file} holds no MISP event: export events as JSON, or name other files")
        yield event


class Ids:
    """Ids for what is read: MISP's own where a file tells them, else made from the UUID, each once."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, int], str] = {}

    def of(self, kind: str, row: dict[str, Any]) -> int:
        """The id of an event, object or attribute."""
        unique = str(row.get("uuid") or "")
        told = _number(row.get("id"))
        id_ = told if 0 < told < _MADE else self._made(unique)
        while self._taken.setdefault((kind, id_), unique) != unique:
            id_ = id_ % 0xFFFFFFFF + 1
        return id_

    def _made(self, unique: str) -> int:
        try:
            return _MADE | uuid.UUID(unique).int & (_MADE - 1)
        except ValueError:
            return _MADE


def contents(event: dict[str, Any], ids: Ids, *, everyone: bool, unpublishedprivate: bool) -> Contents:
    """What an event brings; `everyone` lets everyone on the instance see all of it."""
    id_ = ids.of("event", event)
    hidden = unpublishedprivate and not _flag(event.get("published"))
    level = EVERYONE if everyone else level_of_event(*_level(event, ""), hidden=hidden)
    record = EventRecord(
        str(event.get("uuid") or ""), id_, _number(event.get("org_id")), level, _day(event), _tlp(event)
    )
    found = Contents(record)
    _tell_group(event, found)
    for attribute in _list(event, "Attribute"):
        _add(found, attribute, ids, 0, everyone=everyone)
    for holder in _list(event, "Object"):
        object_id = ids.of("object", holder)
        found.objects[object_id] = EVERYONE if everyone else level_of_part(*_level(holder, "5"))
        _tell_group(holder, found)
        for attribute in _list(holder, "Attribute"):
            _add(found, attribute, ids, object_id, everyone=everyone)
    return found


def _add(found: Contents, attribute: dict[str, Any], ids: Ids, holder: int, *, everyone: bool) -> None:
    if _flag(attribute.get("deleted")):
        return
    _tell_group(attribute, found)
    type_, id_ = str(attribute.get("type") or ""), str(ids.of("attribute", attribute))
    level = ("5", "0") if everyone else _level(attribute, "5")
    text = spec(type_, str(attribute.get("category") or ""), _flag(attribute.get("to_ids")), level)
    stamp = str(_number(attribute.get("timestamp")))
    value1, value2 = split(type_, str(attribute.get("value") or ""))
    found.rows.append((id_, str(found.event.id), str(holder), stamp, text, value1, value2))
    if tlp := _tlp(attribute):
        found.traffic[id_] = tlp


def _level(row: dict[str, Any], default: str) -> tuple[str, str]:
    told = row.get("distribution")
    return default if told is None else str(told), str(row.get("sharing_group_id") or 0)


def _tell_group(row: dict[str, Any], found: Contents) -> None:
    group = row.get("SharingGroup")
    if not isinstance(group, dict) or not isinstance(group.get("SharingGroupOrg"), list):
        return
    servers = (one for one in _list(group, "SharingGroupServer") if not _number(one.get("server_id")))
    members = {_number(one.get("org_id")) for one in _list(group, "SharingGroupOrg")} - {0}
    everyone = any(_flag(server.get("all_orgs")) for server in servers)
    found.groups[str(_number(group.get("id")))] = written(None if everyone else members)


def _list(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = row.get(name)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _flag(value: object) -> bool:
    return value in (True, 1, "1", "true")


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def _day(event: dict[str, Any]) -> int:
    try:
        return day_number(date.fromisoformat(str(event.get("date"))))
    except ValueError:
        return 0


def _tlp(row: dict[str, Any]) -> str:
    """The strictest traffic light among the tags."""
    lights = (_TRAFFIC.get(str(tag.get("name")).lower(), "") for tag in _list(row, "Tag"))
    return max(lights, key=TLP.index, default="")
