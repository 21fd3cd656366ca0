"""Imports that are killed, and servers that go away: the old store answers all along."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from asking import filled, hits, settings_of
from misp_content import fill
from misp_database import Server
from redis.exceptions import RedisError

from watchfloor.config.settings import RedisSettings
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.testing import SiteMaker, SiteUnderTest, until
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.keys import ENTRIES, EVENTS, FAMILIES
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.state import state

ADMIN = Who(1, admin=True)


def configured(site: SiteUnderTest, server: Server, folder: Path) -> list[str]:
    """The command line of an import into the site's Redis."""
    file = folder / "config.yaml"
    plugins = {"hashstore": {"mysql": server.settings("misp")}}
    tree = {"redis": {"url": site.url}, "data": str(folder), "feeds": [], "plugins": plugins}
    file.write_text(json.dumps(tree))
    return [sys.executable, "-m", "watchfloor", "--config", str(file), "hashstore", "import", "--json"]


def generations(site: SiteUnderTest) -> set[str]:
    """The generations of which something is there, and that do not vanish by themselves."""
    names = [*site.keys(ENTRIES), *site.keys(EVENTS)]
    return {name.split(":")[1] for name in names if site.redis.ttl(name) < 0}


@pytest.mark.timeout(300)
def test_an_import_that_is_killed_at_any_moment_changes_nothing(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", attributes=3000)
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    before = state(site.redis)
    misp_tables.execute("SELECT DISTINCT value1 FROM attributes WHERE deleted = 0 AND type = 'domain'")
    values = [row[0] for row in misp_tables.fetchall()]
    answers = hits(site.redis, ADMIN, *values)
    command = configured(site, mysql_server, tmp_path)
    rng = random.Random(2)
    for _ in range(6):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            until(lambda: state(site.redis).building or process.poll() is not None, "the import", 30)
            time.sleep(rng.random() * 0.3)
            process.kill()
        now = state(site.redis)
        if now.generation == before.generation:
            assert generations(site) == {before.generation}
        before = now
        assert hits(site.redis, ADMIN, *values) == answers
        site.redis.hdel("HASHSTORE", "lock_until")  # as when its time is over
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["attributes"] > 2000
    assert generations(site) == {state(site.redis).generation}
    assert hits(site.redis, ADMIN, *values) == answers


def test_redis_may_go_in_the_middle(mysql_server: Server, misp_tables: Any, tmp_path: Path) -> None:
    fill(mysql_server, "misp", attributes=500)
    settings = settings_of(mysql_server)
    with EmbeddedServer(tmp_path) as server, connect(RedisSettings(), server.url, role="test") as redis:
        filled(redis, settings)
        old = state(redis).generation

        def die(*_: int) -> None:
            server.stop()

        with pytest.raises(RedisError):
            import_misp(redis, settings, die)
    with EmbeddedServer(tmp_path) as server, connect(RedisSettings(), server.url, role="test") as redis:
        assert state(redis).generation == old
        assert redis.hlen(EVENTS(generation=old)) == 120
        redis.hdel("HASHSTORE", "lock_until")
        filled(redis, settings)
        assert state(redis).generation != old


def test_what_is_stored_is_declared(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> None:
    fill(mysql_server, "misp", attributes=100)
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    declared = {name for family in FAMILIES for name in site.keys(family)}
    assert {name.decode() for name in site.redis.scan_iter()} == declared
