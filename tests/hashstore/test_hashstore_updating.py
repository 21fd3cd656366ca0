"""`update`, change by change: what people, other MISPs and clocks did to the database since the last run."""

from __future__ import annotations

import time
from typing import Any

import pytest
from asking import filled, hits, quiet, settings_of
from misp_database import Server, insert
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.keys import ORGANISATIONS
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.updating import update_misp

LONG_AGO = 1_700_000_000
OWNER, MEMBER, OTHER = 1, 2, 3
GROUP = 7
UUID = "{0:08d}-1111-4111-8111-111111111111"
KEY = "k" * 40


def event(id_: int, **more: Any) -> dict[str, Any]:
    """An event of the owner's that all may see."""
    return {"id": id_, "uuid": UUID.format(id_), "org_id": OWNER, "date": "2026-01-02", "published": 1,
            "timestamp": LONG_AGO, "distribution": 3, "sharing_group_id": 0, **more}  # fmt: skip


def attribute(id_: int, value: str, **more: Any) -> dict[str, Any]:
    """A domain in the first event that all may see who see the event."""
    return {"id": id_, "uuid": id_, "event_id": 1, "object_id": 0, "category": "Network activity",
            "type": "domain", "value1": value, "value2": "", "to_ids": 1, "timestamp": LONG_AGO, "deleted": 0,
            "distribution": 5, "sharing_group_id": 0, **more}  # fmt: skip


def content(cursor: Any) -> None:
    """A little MISP: each value is named after what holds it back, or may come to."""
    insert(cursor, "events", [event(1), event(2, distribution=0), event(3), event(4, published=0),
                              event(5, distribution=4, sharing_group_id=GROUP)])  # fmt: skip
    insert(
        cursor,
        "objects",
        [{"id": 1, "event_id": 1, "distribution": 5}, {"id": 2, "event_id": 1, "distribution": 0}],
    )
    insert(cursor, "attributes", [
        attribute(1, "open.example"), attribute(2, "private.example", event_id=2),
        attribute(3, "other.example", event_id=3), attribute(4, "unpublished.example", event_id=4),
        attribute(5, "group.example", event_id=5), attribute(6, "deleted.example", deleted=1),
        attribute(7, "object.example", object_id=1), attribute(8, "closed.example", object_id=2),
        attribute(9, "alone.example", distribution=0), attribute(10, "orphan.example", object_id=9),
    ])  # fmt: skip
    insert(cursor, "sharing_groups", [{"id": GROUP, "name": "Group", "active": 1}])
    insert(cursor, "sharing_group_orgs", [{"sharing_group_id": GROUP, "org_id": MEMBER}])
    insert(
        cursor, "tags", [{"id": 1, "name": "tlp:amber"}, {"id": 2, "name": "tlp:red"}, {"id": 3, "name": "x"}]
    )
    insert(cursor, "event_tags", [{"event_id": 3, "tag_id": 1}])
    insert(cursor, "attribute_tags", [{"attribute_id": 9, "event_id": 1, "tag_id": 1}])
    insert(cursor, "roles", [{"id": 1, "name": "user", "perm_auth": 1, "perm_site_admin": 0},
                             {"id": 2, "name": "admin", "perm_auth": 1, "perm_site_admin": 1}])  # fmt: skip
    insert(cursor, "users", [{"id": 1, "org_id": OTHER, "role_id": 1, "authkey": KEY, "disabled": 0}])


class Misp:
    """A store that was filled from the little MISP, which then changes."""

    def __init__(self, site: SiteUnderTest, cursor: Any, settings: Settings) -> None:
        self.site, self._cursor, self._settings = site, cursor, settings
        content(cursor)
        self.fill()

    def fill(self) -> None:
        filled(self.site.redis, self._settings)

    def sql(self, *statements: str) -> None:
        for statement in statements:
            self._cursor.execute(statement)

    def add(self, table: str, *rows: dict[str, Any]) -> None:
        insert(self._cursor, table, rows)

    def update(self) -> int:
        """Bring it in; how many attributes that took."""
        return update_misp(self.site.redis, self._settings, quiet).attributes

    def seen(self, organisation: int) -> set[str]:
        """What an organisation sees, as the first labels of its names."""
        names = ["open", "private", "other", "unpublished", "group", "deleted", "object", "closed", "alone",
                 "orphan", "new"]  # fmt: skip
        found = hits(self.site.redis, Who(organisation), *(f"{name}.example" for name in names))
        return {name for name, hit in zip(names, found, strict=True) if hit}

    def lights(self) -> dict[str, str]:
        """The TLP of what the owner sees and that has one."""
        names = ["open", "other", "alone"]
        found = hits(self.site.redis, Who(OWNER), *(f"{name}.example" for name in names))
        return {name: hit.tlp for name, (hit,) in zip(names, found, strict=True) if hit.tlp}


@pytest.fixture
def misp(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> Misp:
    settings = settings_of(mysql_server, unpublishedprivate=True)
    return Misp(make_site(plugins={"hashstore": {}}), misp_tables, settings)


def test_what_is_there_before_anything_changes(misp: Misp) -> None:
    assert misp.seen(OTHER) == {"open", "other", "object"}
    assert misp.seen(MEMBER) == {"open", "other", "object", "group"}
    assert misp.seen(OWNER) == misp.seen(MEMBER) | {"private", "unpublished", "closed", "alone", "orphan"}
    assert misp.lights() == {"other": "amber", "alone": "amber"}
    assert misp.update() == 0
    assert misp.seen(OTHER) == {"open", "other", "object"}


def edit(id_: int, changes: str) -> str:
    """An attribute is changed, as MISP's own pages do it."""
    return f"UPDATE attributes SET {changes}, timestamp = UNIX_TIMESTAMP() WHERE id = {id_}"


CHANGES = {
    "an attribute gets another value": (
        edit(1, "value1 = 'new.example'"), {"new"}, {"open"}),
    "an attribute gets another type": (
        edit(1, "type = 'hostname|port', value2 = '80'"), set(), set()),
    "an attribute is deleted softly": (edit(1, "deleted = 1"), set(), {"open"}),
    "an attribute is undeleted": (edit(6, "deleted = 0"), {"deleted"}, set()),
    "an attribute is opened": (edit(9, "distribution = 5"), {"alone"}, set()),
    "an attribute is closed": (edit(1, "distribution = 0"), set(), {"open"}),
    "an attribute is moved to another event": (
        edit(1, "event_id = 2"), set(), {"open"}),
    "an attribute is moved into an object": (
        edit(1, "object_id = 2"), set(), {"open"}),
    "an event is narrowed": ("UPDATE events SET distribution = 0 WHERE id = 3", set(), {"other"}),
    "an event is narrowed to a group": (
        f"UPDATE events SET distribution = 4, sharing_group_id = {GROUP} WHERE id = 3", set(), {"other"}),
    "an event is widened": ("UPDATE events SET distribution = 1 WHERE id = 2", {"private"}, set()),
    "an event is unpublished": ("UPDATE events SET published = 0 WHERE id = 3", set(), {"other"}),
    "an event is published": ("UPDATE events SET published = 1 WHERE id = 4", {"unpublished"}, set()),
    "an event gets another owner": (f"UPDATE events SET org_id = {OTHER} WHERE id = 2", {"private"}, set()),
    "an event is deleted": (
        ("DELETE FROM attributes WHERE event_id = 3", "DELETE FROM events WHERE id = 3"), set(), {"other"}),
    "an event is deleted, and not its attributes": ("DELETE FROM events WHERE id = 3", set(), {"other"}),
    "an object is closed": ("UPDATE objects SET distribution = 0 WHERE id = 1", set(), {"object"}),
    "an object is opened": ("UPDATE objects SET distribution = 5 WHERE id = 2", {"closed"}, set()),
    "an open object is removed": ("DELETE FROM objects WHERE id = 1", set(), {"object"}),
    "a closed object is removed": ("DELETE FROM objects WHERE id = 2", set(), set()),
    "an object comes late": (
        "INSERT INTO objects (id, event_id, distribution, template_version, comment) VALUES (9, 1, 5, 1, '')",
        {"orphan"}, set()),
    "a group gains a member": (
        f"INSERT INTO sharing_group_orgs (sharing_group_id, org_id) VALUES ({GROUP}, {OTHER})",
        {"group"}, set()),
    "a group gains everyone": (
        f"INSERT INTO sharing_group_servers (sharing_group_id, server_id, all_orgs) VALUES ({GROUP}, 0, 1)",
        {"group"}, set()),
    "a group is switched off, which hides nothing": (
        f"UPDATE sharing_groups SET active = 0 WHERE id = {GROUP}", set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_others_see_follows(misp: Misp, change: str) -> None:
    before = misp.seen(OTHER)
    statements, shown, hidden = CHANGES[change]
    misp.sql(*([statements] if isinstance(statements, str) else statements))
    misp.update()
    assert misp.seen(OTHER) == (before | shown) - hidden
    misp.fill()
    assert misp.seen(OTHER) == (before | shown) - hidden


def test_who_leaves_a_group_sees_no_more_of_it(misp: Misp) -> None:
    misp.sql(f"DELETE FROM sharing_group_orgs WHERE org_id = {MEMBER}")
    misp.update()
    assert misp.seen(MEMBER) == {"open", "other", "object"}


def test_rows_that_are_gone_are_found_by_an_import(misp: Misp) -> None:
    misp.sql("DELETE FROM attributes WHERE id = 1")
    misp.update()
    assert "open" in misp.seen(OTHER)
    misp.fill()
    assert "open" not in misp.seen(OTHER)


@pytest.mark.parametrize("late", [0, 3600, 400 * 86_400], ids=["right", "an hour late", "a year late"])
@pytest.mark.parametrize("change", ["value1 = 'new.example'", "deleted = 1"])
def test_clocks_do_not_matter(misp: Misp, late: int, change: str) -> None:
    """MISP stamps by its own clock, and what it pulls from another keeps the stamps of that one."""
    then = int(time.time()) - late
    misp.sql(f"UPDATE attributes SET {change}, timestamp = {then} WHERE id = 1",
             f"UPDATE events SET timestamp = {then} WHERE id = 1")  # fmt: skip
    misp.update()
    assert "open" not in misp.seen(OTHER)
    assert ("new" in misp.seen(OTHER)) == (change != "deleted = 1")
    assert misp.update() == (1 if late == 0 else 0)  # what is young is looked at again


def test_what_is_pulled_with_old_stamps_is_found(misp: Misp) -> None:
    misp.add("events", event(6, timestamp=LONG_AGO - 9))
    misp.add("attributes", attribute(11, "new.example", event_id=6, timestamp=LONG_AGO - 9))
    assert misp.update() == 1
    assert "new" in misp.seen(OTHER)
    misp.sql("UPDATE attributes SET event_id = 1 WHERE id = 11")
    misp.add("attributes", attribute(12, "again.example", timestamp=LONG_AGO - 9))
    assert misp.update() == 1
    assert hits(misp.site.redis, Who(OTHER), "again.example") != [[]]


LIGHTS: dict[str, tuple[str, dict[str, str]]] = {
    "on an event": ("INSERT INTO event_tags (event_id, tag_id) VALUES (3, 2)", {"other": "red"}),
    "off an event": ("DELETE FROM event_tags", {"other": ""}),
    "on an attribute": (
        "INSERT INTO attribute_tags (attribute_id, event_id, tag_id) VALUES (1, 1, 2)",
        {"open": "red"},
    ),
    "a stricter one": (
        "INSERT INTO attribute_tags (attribute_id, event_id, tag_id) VALUES (9, 1, 2)",
        {"alone": "red"},
    ),
    "off an attribute": ("DELETE FROM attribute_tags", {"alone": ""}),
    "another name": ("UPDATE tags SET name = 'tlp:green' WHERE id = 1", {"alone": "green", "other": "green"}),
    "no light": ("INSERT INTO attribute_tags (attribute_id, event_id, tag_id) VALUES (1, 1, 3)", {}),
}


@pytest.mark.parametrize("change", LIGHTS)
def test_traffic_lights_follow_without_a_stamp(misp: Misp, change: str) -> None:
    statement, changed = LIGHTS[change]
    expected = {name: tlp for name, tlp in {**misp.lights(), **changed}.items() if tlp}
    misp.sql(statement)
    misp.update()
    assert misp.lights() == expected


KEYS = {
    "the key is revoked": ("UPDATE users SET authkey = NULL", 401, None),
    "the user is disabled": ("UPDATE users SET disabled = 1", 401, None),
    "the user is deleted": ("DELETE FROM users", 401, None),
    "the role loses its keys": ("UPDATE roles SET perm_auth = 0", 401, None),
    "the user gets another role": ("UPDATE users SET role_id = 2", 200, True),
    "the user gets another organisation": (f"UPDATE users SET org_id = {OWNER}", 200, True),
    "nothing changes": ("SELECT 1", 200, False),
}


@pytest.mark.parametrize("change", KEYS)
def test_keys_follow(misp: Misp, change: str) -> None:
    statement, status, sees = KEYS[change]

    def ask() -> Any:
        # A process takes what it knows of a key for true for a second.
        with TestClient(misp.site.app()) as browser:
            return browser.post("/hashstore/lookup", json=["private.example"], headers={"authorization": KEY})

    assert ask().json()["results"] == [[]]
    misp.sql(statement)
    misp.update()
    assert ask().status_code == status
    assert sees is None or bool(ask().json()["results"][0]) is sees


def test_times_are_told(misp: Misp) -> None:
    key = own_keys.create(misp.site.redis, own_keys.OwnKey("laptop", 1))
    with TestClient(misp.site.app()) as browser:

        def times() -> tuple[float, float]:
            answer = browser.post("/hashstore/lookup", json=["x"], headers={"authorization": key}).json()
            return answer["imported"], answer["updated"]

        imported, updated = times()
        assert imported == updated > time.time() - 60
        misp.update()
        assert times()[0] == imported
        assert times()[1] > updated


def test_an_organisation_that_was_renamed_is_known_by_its_name(misp: Misp) -> None:
    misp.add("organisations", {"id": 1, "name": "Old", "uuid": "a"}, {"id": 2, "name": "Gone", "uuid": "b"})
    misp.update()
    misp.sql("UPDATE organisations SET name = 'New' WHERE id = 1", "DELETE FROM organisations WHERE id = 2")
    misp.update()
    names = misp.site.redis.hgetall(misp.site.keys(ORGANISATIONS)[0])
    assert names == {b"New": b"1", b"a": b"1"}


def test_another_database_is_refused(misp: Misp, mysql_server: Server) -> None:
    misp.sql("CREATE DATABASE IF NOT EXISTS other_misp")
    misp.sql(
        "USE other_misp",
        "CREATE TABLE attributes LIKE misp.attributes",
        "CREATE TABLE events LIKE misp.events",
    )
    try:
        other = settings_of(mysql_server, mysql=mysql_server.settings("other_misp"))
        with pytest.raises(
            HashstoreError, match="imported from mysql:misp, not from mysql:other_misp: run import"
        ):
            update_misp(misp.site.redis, other, quiet)
    finally:
        misp.sql("DROP DATABASE other_misp", "USE misp")
