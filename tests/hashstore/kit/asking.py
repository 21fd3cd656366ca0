"""Asking a store of a test, and comparing what it shows with what MISP would show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from misp_database import ORGS, Server, visible

from watchfloor_hashstore.importing import Summary, import_misp
from watchfloor_hashstore.lookup import Answers, Hit, Reader, Who, run
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.portable.many import Hashes, gathered, hashes_of
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


def shown(redis: Any, callers: Sequence[Who], hashes: list[bytes]) -> list[dict[bytes, set[str]]]:
    """What each of some callers, who ask at the same time, is shown of the same hashes."""
    asked = gathered([digest] for digest in hashes)
    return [
        {d: {hit.event_uuid for hit in found} for d, found in zip(hashes, told.hits, strict=True) if found}
        for told in run(redis, Reader().ask([(who, asked) for who in callers]))
    ]


def check_visibility(redis: Any, cursor: Any, **rule: Any) -> None:
    cursor.execute("SELECT id FROM attributes")
    hashes = list(expected(cursor, {row[0] for row in cursor.fetchall()}))
    callers = [*map(Who, ORGS), Who(1, admin=True)]
    allowed = [*(visible(cursor, org, **rule) for org in ORGS), visible(cursor, 1, admin=True)]
    expectations = [expected(cursor, attributes) for attributes in allowed]
    assert shown(redis, callers, hashes) == expectations
    for who, expectation in zip(callers, expectations, strict=True):
        assert shown(redis, [who], hashes) == [expectation], who


def hits(redis: Any, who: Who, *values: str) -> list[list[Hit]]:
    """What a caller is shown of values."""
    return list(map(list, answers(redis, who, hashes_of(values)).hits))


def answers(redis: Any, who: Who, hashes: Hashes) -> Answers:
    """What one caller alone is told."""
    (told,) = run(redis, Reader().ask([(who, hashes)]))
    return told
