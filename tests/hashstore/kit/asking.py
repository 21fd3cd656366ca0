"""Asking a store of a test, and comparing what it shows with what MISP would show."""

from __future__ import annotations

from typing import Any

import msgspec
from misp_database import ORGS, Server, visible

from watchfloor_hashstore.importing import Summary, import_misp
from watchfloor_hashstore.lookup import Hit, Reader, Who, run
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.portable.recognise import digests_of
from watchfloor_hashstore.settings import Settings


def quiet(*_: int) -> None:
    """Shows no progress."""


def settings_of(server: Server, **more: Any) -> Settings:
    return msgspec.convert({"mysql": server.settings("misp"), **more}, Settings)


def filled(redis: Any, settings: Settings) -> Summary:
    return import_misp(redis, settings, quiet)


def expected(cursor: Any, attributes: set[int]) -> dict[bytes, set[str]]:
    """The events that each hash of these attributes is in."""
    cursor.execute(
        "SELECT a.id, type, value1, value2, e.uuid FROM attributes a JOIN events e ON e.id = event_id"
    )
    found: dict[bytes, set[str]] = {}
    for id_, type_, first, second, event in cursor.fetchall():
        if id_ in attributes:
            for digest in digests(type_, first, second):
                found.setdefault(digest, set()).add(event)
    return found


def shown(redis: Any, who: Who, hashes: list[bytes]) -> dict[bytes, set[str]]:
    hits = run(redis, Reader().ask(who, [[digest] for digest in hashes])).hits
    return {d: {hit.event_uuid for hit in found} for d, found in zip(hashes, hits, strict=True) if found}


def check_visibility(redis: Any, cursor: Any, **rule: Any) -> None:
    cursor.execute("SELECT id FROM attributes")
    hashes = list(expected(cursor, {row[0] for row in cursor.fetchall()}))
    for org in ORGS:
        allowed = visible(cursor, org, **rule)
        assert shown(redis, Who(org), hashes) == expected(cursor, allowed), org
    everything = visible(cursor, 1, admin=True)
    assert shown(redis, Who(1, admin=True), hashes) == expected(cursor, everything)


def hits(redis: Any, who: Who, *values: str) -> list[list[Hit]]:
    """What a caller is shown of values."""
    return run(redis, Reader().ask(who, [digests_of(value) for value in values])).hits
