"""`update`: what it needs, and what is seen of the store while it changes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import Database, check_visibility, filled, quiet, settings_of
from gate import Gate, Words, commands, gate
from misp_accounts import USER, roles, user
from misp_changes import Changes
from misp_content import fill
from misp_database import Server
from redis.exceptions import RedisError
from together import TOGETHER, Watch, at_first, change, check_never_more, everybody

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


def watched(site: SiteUnderTest, server: Server, folder: Path, watch: Callable[[int, Words], None]) -> Gate:
    """An update through a gate."""
    path = folder / "gate"
    path.unlink(missing_ok=True)
    through = StoreSettings(url=f"unix://{path}")
    with gate(site.url.removeprefix("unix://"), path, commands, watch) as passed, connect(through) as redis:
        update_misp(redis, settings_of(server), quiet)
    return passed


@pytest.mark.parametrize("what", TOGETHER)
def test_what_changes_together_is_never_seen_half_changed(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path, what: str
) -> None:
    at_first(misp_tables, what)
    filled(site.redis, settings_of(mysql_server))
    hashes = Database(misp_tables).hashes
    before = everybody(site, hashes)
    change(misp_tables, what)
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
