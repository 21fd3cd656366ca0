"""`update`: what it needs, and what is seen of the store while it changes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import Database, Seen, check_visibility, filled, quiet, settings_of, shown
from gate import Gate, Shut, Words, commands, gate
from misp_accounts import USER, roles, user
from misp_changes import Changes
from misp_content import ORGS, fill
from misp_database import Server, insert
from redis.exceptions import RedisError

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore.auth import Verifier, find
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.errors import HashstoreError, NoStoreError
from watchfloor_hashstore.lookup import Who, run
from watchfloor_hashstore.settings import StoreSettings
from watchfloor_hashstore.updating import update_misp


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site(plugins={"hashstore": {}})


def test_an_update_needs_an_import_first(site: SiteUnderTest, mysql_server: Server, misp_tables: Any) -> None:
    with pytest.raises(NoStoreError, match="run `watchfloor hashstore import` first"):
        update_misp(site.redis, settings_of(mysql_server), quiet)


def test_keys_end_with_the_next_update(site: SiteUnderTest, mysql_server: Server, misp_tables: Any) -> None:
    roles(misp_tables)
    keys = [user(misp_tables, id_, id_, USER) for id_ in (1, 2, 3)]
    filled(site.redis, settings_of(mysql_server))

    def whose() -> list[Who | None]:
        about = run(site.redis, find(keys))
        return [Verifier().verify(key, one, "", 0.0) for key, one in zip(keys, about, strict=True)]

    assert whose() == [Who(1), Who(2), Who(3)]
    misp_tables.execute("UPDATE users SET disabled = 1 WHERE id = 1")
    misp_tables.execute("DELETE FROM users WHERE id = 2")
    misp_tables.execute("UPDATE users SET org_id = 9 WHERE id = 3")
    update_misp(site.redis, settings_of(mysql_server), quiet)
    assert whose() == [None, None, Who(9)]


UUID = "11111111-1111-4111-8111-111111111111"
# What people do at a time to one event, its object 9 and its attribute, and to the group 5.
TOGETHER = {
    "attribute closed, event opened": ("attributes SET distribution = 0", "events SET distribution = 3"),
    "attribute opened, event closed": ("attributes SET distribution = 5", "events SET distribution = 0"),
    "object closed, event opened": ("objects SET distribution = 0", "events SET distribution = 3"),
    "object opened, event closed": ("objects SET distribution = 5", "events SET distribution = 0"),
    "attribute closed, object opened": ("attributes SET distribution = 0", "objects SET distribution = 5"),
    "attribute opened, object closed": ("attributes SET distribution = 5", "objects SET distribution = 0"),
    "group left, event shared with it": (
        "sharing_group_orgs SET org_id = 4", "events SET distribution = 4, sharing_group_id = 5",
    ),
    "group joined, event closed": ("sharing_group_orgs SET org_id = 3", "events SET distribution = 0"),
    "event given away, attribute added to": ("events SET org_id = 3", "attributes SET value1 = 'new'"),
}  # fmt: skip


class Watch:
    """What everybody is shown before each command of an update."""

    def __init__(self, site: SiteUnderTest, hashes: list[bytes], shut_at: int | None = None) -> None:
        self.seen: list[dict[int, Seen]] = []
        self._site, self._hashes, self._shut_at = site, hashes, shut_at

    def __call__(self, number: int, _words: Words) -> None:
        if number == self._shut_at:
            raise Shut
        if self._shut_at is None:
            self.seen.append(everybody(self._site, self._hashes))


def everybody(site: SiteUnderTest, hashes: list[bytes]) -> dict[int, Seen]:
    return dict(zip(ORGS, shown(site.redis, list(map(Who, ORGS)), hashes), strict=True))


def watched(site: SiteUnderTest, server: Server, folder: Path, watch: Callable[[int, Words], None]) -> Gate:
    """An update through a gate."""
    path = folder / "gate"
    path.unlink(missing_ok=True)
    through = StoreSettings(url=f"unix://{path}")
    with gate(site.url.removeprefix("unix://"), path, commands, watch) as passed, connect(through) as redis:
        update_misp(redis, settings_of(server), quiet)
    return passed


def check_never_more(during: list[dict[int, Seen]], *whole: dict[int, Seen]) -> None:
    """At no moment somebody was shown what MISP showed neither before nor after."""
    for org in ORGS:
        allowed = {(digest, told) for seen in whole for digest, all_ in seen[org].items() for told in all_}
        for number, moment in enumerate(during):
            found = {(digest, told) for digest, all_ in moment[org].items() for told in all_}
            assert found <= allowed, (org, number, found - allowed)


def one_event(cursor: Any) -> None:
    """An event of organisation 1 with one attribute, in an object, and a group of which 3 is a member."""
    insert(cursor, "events", [{"id": 1, "org_id": 1, "distribution": 3, "uuid": UUID, "date": "2026-01-02"}])
    insert(cursor, "objects", [{"id": 9, "event_id": 1, "distribution": 5, "uuid": "o"}])
    insert(cursor, "attributes", [
        {"id": 1, "event_id": 1, "object_id": 9, "category": "Other", "type": "text", "value1": "secret",
         "uuid": "a", "distribution": 5, "timestamp": 1_700_000_000}
    ])  # fmt: skip
    insert(cursor, "sharing_group_orgs", [{"sharing_group_id": 5, "org_id": 3}])


@pytest.mark.parametrize("what", TOGETHER)
def test_what_changes_together_is_never_seen_half_changed(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path, what: str
) -> None:
    one_event(misp_tables)
    for part in ("attribute", "object", "event"):
        if f"{part} opened" in what:
            misp_tables.execute(f"UPDATE {part}s SET distribution = 0")
    if what == "group joined, event closed":
        misp_tables.execute("UPDATE events SET distribution = 4, sharing_group_id = 5")
        misp_tables.execute("UPDATE sharing_group_orgs SET org_id = 4")
    filled(site.redis, settings_of(mysql_server))
    hashes = Database(misp_tables).hashes
    before = everybody(site, hashes)
    for change in TOGETHER[what]:
        stamp = ", timestamp = UNIX_TIMESTAMP()" if "attributes" in change else ""
        misp_tables.execute(f"UPDATE {change}{stamp}")
    hashes = sorted({*hashes, *Database(misp_tables).hashes})
    watch = Watch(site, hashes)
    watched(site, mysql_server, tmp_path, watch)
    check_visibility(site.redis, misp_tables)
    check_never_more(watch.seen, before, everybody(site, hashes))


def test_an_update_shows_nobody_more_than_before_or_after_at_any_moment(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", seed=13, attributes=300)
    filled(site.redis, settings_of(mysql_server))
    hashes = set(Database(misp_tables).hashes)
    Changes(misp_tables, 8).shuffle()
    some = sorted(hashes | set(Database(misp_tables).hashes))[::5]
    before, watch = everybody(site, some), Watch(site, some)
    watched(site, mysql_server, tmp_path, watch)
    check_visibility(site.redis, misp_tables)
    check_never_more(watch.seen, before, everybody(site, some))


def test_an_update_that_died_at_any_moment_is_made_good_by_the_next(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", seed=13, attributes=300)
    filled(site.redis, settings_of(mysql_server))
    changes = Changes(misp_tables, 9)
    changes.shuffle()
    count = len(watched(site, mysql_server, tmp_path, lambda *_: None).seen)
    assert count > 20
    for at in range(6, count, count // 8):
        changes.shuffle()
        with pytest.raises((RedisError, HashstoreError)):
            watched(site, mysql_server, tmp_path, Watch(site, [], at))
        site.redis.hset("HASHSTORE", "lock_until", 0)
        update_misp(site.redis, settings_of(mysql_server), quiet)
        check_visibility(site.redis, misp_tables)
