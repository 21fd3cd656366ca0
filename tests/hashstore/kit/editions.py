"""Contents of a MISP that have nothing in common, to tell from the answers which of them a store holds."""

from __future__ import annotations

from typing import Any

from asking import hits
from misp_accounts import USER, roles
from misp_database import insert

from watchfloor_hashstore.auth import Verifier, find
from watchfloor_hashstore.keys import ORGANISATIONS
from watchfloor_hashstore.lookup import Who, run
from watchfloor_hashstore.state import state

EDITIONS = ("old", "new")
SIZE = 40
_TABLES = ("attributes", "events", "objects", "organisations", "users", "roles", "sharing_group_orgs")


def key_of(edition: str) -> str:
    """The one API key there is then."""
    return edition[0] * 40


def write(cursor: Any, edition: str) -> None:
    """Make it the content of the database."""
    for table in _TABLES:
        cursor.execute(f"DELETE FROM {table}")
    insert(cursor, "organisations", [{"id": 1, "name": f"Org {edition}", "uuid": f"uuid {edition}"}])
    insert(cursor, "sharing_group_orgs", [{"sharing_group_id": 5, "org_id": 1}])
    insert(cursor, "objects", [{"id": 9, "event_id": 1, "distribution": 0, "uuid": edition}])
    insert(
        cursor, "events", [{"id": 1, "org_id": 1, "uuid": edition, "distribution": 3, "date": "2026-01-02"}]
    )
    insert(cursor, "attributes", [
        {"id": 1000 * EDITIONS.index(edition) + n, "event_id": 1, "category": "Network activity",
         "type": f"type {n % 3} of {edition}", "value1": value, "uuid": value, "distribution": 5}
        for n, value in enumerate(values(edition), 1)
    ])  # fmt: skip
    roles(cursor)
    insert(
        cursor, "users", [{"id": 1, "org_id": 1, "role_id": USER, "authkey": key_of(edition), "email": "x"}]
    )


def values(edition: str) -> list[str]:
    """What is in it."""
    return [f"{edition}-{n}.example" for n in range(SIZE)]


def answering(redis: Any) -> list[str]:
    """The editions that answer; half of one, or a key or organisation of another, is a failure."""
    told = {edition: _told(redis, edition) for edition in EDITIONS}
    assert set(told.values()) <= {(SIZE, True, True), (0, False, False)}, told
    return [edition for edition in EDITIONS if told[edition][0]]


def _told(redis: Any, edition: str) -> tuple[int, bool, bool]:
    """How many of its values are known, as what they are; whether its key and its organisation are."""
    met = state(redis)
    found = hits(redis, Who(), *values(edition))
    known = sum(bool(hits) and hits[0].type.endswith(edition) for hits in found)
    assert known == sum(map(bool, found))
    key = key_of(edition)
    (about,) = run(redis, find([key]))
    who = Verifier().verify(key, about, "", 0.0)
    return known, who == Who(1), redis.hexists(ORGANISATIONS(generation=met.generation), f"Org {edition}")
