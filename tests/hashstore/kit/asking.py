"""Asking a store of a test, and comparing what it shows with what MISP would show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from misp_accounts import Account
from misp_content import ORGS, visible
from misp_database import Server
from starlette.testclient import TestClient

from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.importing import Summary, import_misp
from watchfloor_hashstore.layout import TLP
from watchfloor_hashstore.lookup import Answers, Hit, Reader, Who, run
from watchfloor_hashstore.portable.archive import Archive
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.portable.many import Hashes, gathered, hashes_of
from watchfloor_hashstore.settings import Settings

_LIGHTS = {"tlp:red": "red", "tlp:green": "green", "tlp:amber": "amber"}
Told = tuple[str, str, str, bool, str]
Seen = dict[bytes, list[Told]]
"""What is shown of each hash that anything is shown of: event, type, category, to_ids and day, sorted."""


def quiet(*_: int) -> None:
    """Shows no progress."""


def settings_of(server: Server, **more: Any) -> Settings:
    return msgspec.convert({"mysql": server.settings("misp"), **more}, Settings)


def filled(redis: Any, settings: Settings) -> Summary:
    return import_misp(redis, settings, quiet)


class Attribute(NamedTuple):
    """What the store should tell of an attribute, under which hashes."""

    id: int
    hashes: set[bytes]
    told: Told


class Database:
    """What MISP's database holds now, worked out once for all who are to see some of it."""

    def __init__(self, cursor: Any, **rule: Any) -> None:
        self._cursor = cursor
        self._rule = rule
        self.attributes = list(_attributes(cursor))
        self.hashes = sorted({digest for one in self.attributes for digest in one.hashes})

    def seen(self, org: int, *, admin: bool = False) -> Seen:
        """What MISP shows to an organisation, or to a site admin."""
        shown = visible(self._cursor, org, admin=admin, **self._rule)
        found: Seen = {}
        for attribute in self.attributes:
            for digest in attribute.hashes if attribute.id in shown else ():
                found.setdefault(digest, []).append(attribute.told)
        return _sorted(found)


def _attributes(cursor: Any) -> Iterable[Attribute]:
    cursor.execute(
        "SELECT a.id, type, value1, value2, e.uuid, category, to_ids, a.timestamp FROM attributes a "
        "JOIN events e ON e.id = event_id"
    )
    for id_, type_, first, second, event, category, to_ids, stamp in cursor.fetchall():
        day = datetime.fromtimestamp(stamp, UTC).date().isoformat()
        yield Attribute(id_, digests(type_, first, second), (event, type_, category, bool(to_ids), day))


def _sorted(found: Seen) -> Seen:
    return {digest: sorted(told) for digest, told in found.items() if told}


def _told(hit: dict[str, Any]) -> Told:
    return hit["event_uuid"], hit["type"], hit["category"], hit["to_ids"], hit["date"]


def shown(redis: Any, callers: Sequence[Who], hashes: list[bytes]) -> list[Seen]:
    """What each of some callers, who ask at the same time, is shown of the same hashes."""
    asked = gathered([digest] for digest in hashes)
    return [_seen(hashes, answers) for answers in run(redis, Reader().ask([(who, asked) for who in callers]))]


def _seen(hashes: list[bytes], answers: Answers) -> Seen:
    told = [[_told(msgspec.to_builtins(hit)) for hit in found] for found in answers.hits]
    return _sorted(dict(zip(hashes, told, strict=True)))


def compare(found: Seen, expected: Seen, whose: object) -> None:
    """Nothing is shown that should not be, and nothing that should be is not."""
    for name, one, other in (("shown, but hidden by MISP", found, expected), ("missed", expected, found)):
        wrong = [(d.hex(), told) for d in one for told in one[d] if told not in other.get(d, ())]
        assert not wrong, f"{whose}: {name}: {len(wrong)} of {len(one)}: {wrong[:3]}"
    assert found == expected, whose


def check_visibility(redis: Any, cursor: Any, **rule: Any) -> None:
    """Each organisation, and a site admin, is shown what MISP shows, and nothing else."""
    database = Database(cursor, **rule)
    expected = {Who(org): database.seen(org) for org in ORGS}
    expected[Who(1, admin=True)] = database.seen(1, admin=True)
    together = shown(redis, list(expected), database.hashes)
    for who, found in zip(expected, together, strict=True):
        compare(found, expected[who], who)
        assert shown(redis, [who], database.hashes) == [found], who


def check_lights(redis: Any, cursor: Any, *, exactly: bool) -> None:
    """What is shown of each attribute is the traffic light that MISP's database says, or a stricter one."""
    lights = _lights(cursor)
    expected: dict[bytes, list[int]] = {}
    for attribute in _attributes(cursor):
        for digest in attribute.hashes if attribute.id in lights else ():
            expected.setdefault(digest, []).append(lights[attribute.id])
    hashes = sorted(expected)
    asked = gathered([digest] for digest in hashes)
    (answers,) = run(redis, Reader().ask([(Who(1, admin=True), asked)]))
    for digest, found in zip(hashes, answers.hits, strict=True):
        pairs = zip(sorted(TLP.index(hit.tlp) for hit in found), sorted(expected[digest]), strict=True)
        for one, other in pairs:
            assert one == other if exactly else one >= other, (digest.hex(), TLP[one], TLP[other])


def _lights(cursor: Any) -> dict[int, int]:
    """The traffic light of each attribute that stands: its own strictest, or that of its event."""
    found = {}
    for table, of in (("attribute_tags", "attribute_id"), ("event_tags", "event_id")):
        cursor.execute(f"SELECT {of}, name FROM {table} JOIN tags t ON t.id = tag_id")
        of_each: dict[int, int] = {}
        for id_, name in cursor.fetchall():
            of_each[id_] = max(of_each.get(id_, 0), TLP.index(_LIGHTS.get(name.lower(), "")))
        found[of] = of_each
    cursor.execute(
        "SELECT a.id, event_id FROM attributes a JOIN events e ON e.id = event_id WHERE deleted = 0"
    )
    own, event = found["attribute_id"], found["event_id"]
    return {id_: own.get(id_) or event.get(of, 0) for id_, of in cursor.fetchall()}


def check_accounts(browser: TestClient, cursor: Any, accounts: Iterable[Account], **rule: Any) -> None:
    """Likewise for those who ask over HTTP, in both protocols, with keys of their own."""
    database = Database(cursor, **rule)
    for account in accounts:
        expected = database.seen(account.org, admin=account.admin)
        compare(_over_http(browser, account.key, database.hashes), expected, account)
        events = {digest: {told[0] for told in found} for digest, found in expected.items()}
        assert _old(browser, account.key, database.hashes) == events, account


def _over_http(browser: TestClient, key: str, hashes: list[bytes]) -> Seen:
    question = {"hashes": [digest.hex() for digest in hashes]}
    answer = browser.post("/hashstore/lookup", json=question, headers={"authorization": key})
    assert answer.status_code == 200, answer.text
    found = [[_told(hit) for hit in hits] for hits in answer.json()["results"]]
    return _sorted(dict(zip(hashes, found, strict=True)))


def _old(browser: TestClient, key: str, hashes: list[bytes]) -> dict[bytes, set[str]]:
    question = {"method": "search", "authkey": key, "hash_value": [digest.hex() for digest in hashes]}
    found = browser.post("/hashstore/json", json=question).json()
    return {digest: set(events) for digest, events in zip(hashes, found, strict=True) if events}


def check_exports(redis: Any, cursor: Any, out: Path, **rule: Any) -> None:
    """An export holds what its audience sees, and nothing else, whatever one asks it for."""
    database = Database(cursor, **rule)
    for org in (*ORGS, None):
        labels = export(redis, Scope(org), out, quiet)
        # Whoever owns nothing and is in no group sees what everyone may see.
        expected = {d: sorted(set(told)) for d, told in database.seen(org or 10**6).items()}
        with Archive(out) as archive:
            found = {d: sorted({_told(hit) for hit in archive.find(d)}) for d in database.hashes}
        compare({digest: told for digest, told in found.items() if told}, expected, org)
        assert labels["entries"] == sum(map(len, expected.values())), org


def hits(redis: Any, who: Who, *values: str) -> list[list[Hit]]:
    """What a caller is shown of values."""
    return list(map(list, answers(redis, who, hashes_of(values)).hits))


def answers(redis: Any, who: Who, hashes: Hashes) -> Answers:
    """What one caller alone is told."""
    (told,) = run(redis, Reader().ask([(who, hashes)]))
    return told


def apart(hashes: Hashes) -> list[set[bytes]]:
    """The hashes of each value."""
    found: list[set[bytes]] = [set() for _ in range(hashes.values)]
    for one, owner in zip(hashes.digests, hashes.owners, strict=True):
        found[owner].add(one)
    return found
