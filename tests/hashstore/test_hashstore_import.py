"""Import from a real MariaDB into a real Redis: what is read, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from asking import check_visibility, filled, hits, settings_of
from misp_content import EVENTS, fill
from misp_database import Server, create, insert

from watchfloor.testing import SiteMaker
from watchfloor_hashstore import packing
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.keys import ENTRIES, FAMILIES, STATE
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.rows import spec
from watchfloor_hashstore.sources import misp
from watchfloor_hashstore.state import locked, state
from watchfloor_hashstore.store import Store

ADMIN = Who(1, admin=True)


@pytest.mark.parametrize(
    ("private", "few", "most"),
    [(False, 9999, 9999), (True, 9999, 9999), (False, 9999, 99), (False, 0, 9999), (False, 0, 99)],
    ids=["here", "unpublished private", "here in pieces", "in processes", "in processes in pieces"],
)
def test_everybody_sees_what_misp_shows_and_nothing_else(
    make_site: SiteMaker,
    mysql_server: Server,
    misp_tables: Any,
    monkeypatch: pytest.MonkeyPatch,
    private: bool,
    few: int,
    most: int,
) -> None:
    monkeypatch.setattr(packing, "_FEW", few)
    monkeypatch.setattr(packing, "_MOST", most)
    monkeypatch.setattr(misp, "PAGE", 100)
    fill(mysql_server, "misp")
    site = make_site(plugins={"hashstore": {}})
    summary = filled(site.redis, settings_of(mysql_server, unpublishedprivate=private))
    assert summary.events == EVENTS
    check_visibility(site.redis, misp_tables, unpublishedprivate=private)


def one_event(cursor: Any, *values: str, **event: Any) -> None:
    """An event open to all, with text attributes of these values."""
    insert(cursor, "events", [{"id": 1, "org_id": 1, "date": "2026-01-02", "distribution": 3, **event,
                               "uuid": "11111111-1111-4111-8111-111111111111"}])  # fmt: skip
    insert(cursor, "attributes", [
        {"event_id": 1, "category": "Other", "type": "text", "value1": value, "uuid": n, "distribution": 5}
        for n, value in enumerate(values)
    ])  # fmt: skip


def test_a_value_may_hold_anything(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> None:
    hostile = [
        "a\x1fb\x1fc",
        "\x1d1\x1d3\x1d0\x1d0",
        "line\nbreak",
        "quote'\\",
        "ÄÖÜß",
        "x" * 60_000,
        "5:" + "0" * 64,
    ]
    one_event(misp_tables, *hostile)
    site = make_site(plugins={"hashstore": {}})
    assert filled(site.redis, settings_of(mysql_server)).attributes == len(hostile)
    assert [len(found) for found in hits(site.redis, Who(2), *hostile)] == [1] * len(hostile)


def test_a_page_that_the_server_cuts_off_is_read_row_by_row(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    values = [f"{n:05d}" + "y" * 60_000 for n in range(40)]
    one_event(misp_tables, *values)
    misp_tables.execute("SET GLOBAL max_allowed_packet = 1048576")
    try:
        site = make_site(plugins={"hashstore": {}})
        filled(site.redis, settings_of(mysql_server))
    finally:
        misp_tables.execute("SET GLOBAL max_allowed_packet = 16777216")
    assert all(hits(site.redis, Who(2), *values))


def test_a_packing_process_that_dies_ends_the_import(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_event(misp_tables, "evil.example")
    monkeypatch.setattr(packing, "_FEW", 0)
    monkeypatch.setattr(packing, "_PROGRAM", "raise SystemExit")
    site = make_site(plugins={"hashstore": {}})
    with pytest.raises(HashstoreError, match="a process of the import died"):
        filled(site.redis, settings_of(mysql_server))
    assert not state(site.redis).imported


def test_a_packing_process_ends_with_the_import() -> None:
    process = packing.Process()
    process.send((14, {}))
    process.send(
        b"\x1f".join([b"1", b"1", b"0", b"0", spec("text", "Other", True, ("5", "0")).encode(), b"x", b""])
    )
    assert process.receive() == ("level", "*")
    process.close()
    assert process._process.wait(30) == 0


def test_an_old_schema_is_read_with_what_it_has(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    one_event(misp_tables, "evil.example")
    misp_tables.execute("ALTER TABLE attributes DROP COLUMN deleted, DROP COLUMN object_id")
    for table in ("objects", "auth_keys", "attribute_tags"):
        misp_tables.execute(f"DROP TABLE {table}")
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    assert hits(site.redis, Who(2), "EVIL[.]example") != [[]]


def test_what_is_no_misp_is_refused(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> None:
    misp_tables.execute("DROP TABLE attributes")
    with pytest.raises(HashstoreError, match="is no MISP's: attributes lacks"):
        filled(make_site(plugins={"hashstore": {}}).redis, settings_of(mysql_server))


def test_two_imports_exclude_each_other(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> None:
    one_event(misp_tables, "evil.example")
    site = make_site(plugins={"hashstore": {}})
    with locked(site.redis), pytest.raises(HashstoreError, match="already running"):
        filled(site.redis, settings_of(mysql_server))
    filled(site.redis, settings_of(mysql_server))


def test_an_import_that_fails_leaves_the_old_store(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    one_event(misp_tables, "evil.example")
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    before = state(site.redis).generation
    keys = {family.pattern: len(site.keys(family)) for family in FAMILIES}

    def broken(done: int, _total: int) -> None:
        if done:
            raise RuntimeError("the lights went out")

    with pytest.raises(RuntimeError):
        import_misp(site.redis, settings_of(mysql_server), broken)
    assert state(site.redis).generation == before
    assert {family.pattern: len(site.keys(family)) for family in FAMILIES} == keys
    assert hits(site.redis, Who(2), "evil.example") != [[]]


def test_the_database_may_go_in_the_middle(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    fill(mysql_server, "misp")
    site = make_site(plugins={"hashstore": {}})

    def cut(_done: int, _total: int) -> None:
        misp_tables.execute("SELECT id FROM information_schema.processlist WHERE user = 'misp'")
        for (connection,) in misp_tables.fetchall():
            misp_tables.execute(f"KILL {connection}")

    insert(
        misp_tables,
        "attributes",
        [{"id": 9_000_000, "event_id": 1, "type": "text", "value1": "far", "uuid": "f"}],
    )
    with pytest.raises(HashstoreError, match=r"failed: .*; run it again"):
        import_misp(site.redis, settings_of(mysql_server), cut)
    assert not state(site.redis).imported


def test_what_a_dead_import_left_goes_with_the_next(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    one_event(misp_tables, "evil.example")
    site = make_site(plugins={"hashstore": {}})
    Store(site.redis, "dead", 14, temporary=True).append({3: {3: b"y" * 28}})
    site.redis.hset(STATE(), mapping={"lock": "gone", "lock_until": int(time.time()) - 1, "building": "dead"})
    assert site.redis.ttl(ENTRIES(generation="dead", shard=3)) > 0
    filled(site.redis, settings_of(mysql_server))
    assert not site.redis.exists(ENTRIES(generation="dead", shard=3))


def test_nothing_is_imported_from_an_empty_misp(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    site = make_site(plugins={"hashstore": {}})
    assert filled(site.redis, settings_of(mysql_server)).attributes == 0
    assert hits(site.redis, ADMIN, "evil.example") == [[]]
    create(mysql_server, "misp")
