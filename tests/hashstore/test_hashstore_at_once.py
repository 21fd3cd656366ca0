"""What the feed tells of at a time: nobody is shown more than before or after, whenever they look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import Database, check_visibility, filled, settings_of
from feeding import tell_all
from gate import commands, gate
from misp_changes import Changes
from misp_content import fill
from misp_database import Server
from together import TOGETHER, Watch, at_first, change, check_never_more, everybody

from watchfloor.store.writes import ITEMS
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.keys import NOTED
from watchfloor_hashstore.notes import changes_of, decode
from watchfloor_hashstore.settings import StoreSettings


@pytest.fixture
def site(make_site: SiteMaker, tmp_path: Path) -> SiteUnderTest:
    """The store is away: what is told waits for it."""
    return make_site(plugins={"hashstore": {"redis": {"url": f"unix://{tmp_path / 'away'}"}}})


def told(site: SiteUnderTest, folder: Path, changes: Changes, watch: Watch) -> None:
    """Messages are noted, and brought in together through a gate."""
    tell_all(site, changes.told())
    notes = [note for _, told in site.redis.xrange(NOTED()) for note in decode(told[ITEMS])]
    through = StoreSettings(url=f"unix://{folder / 'gate'}")
    with (
        gate(site.url.removeprefix("unix://"), folder / "gate", commands, watch),
        connect(through) as redis,
    ):
        bring_in(redis, changes_of(notes))
    assert watch.seen


@pytest.mark.parametrize("what", TOGETHER)
def test_what_changes_together_is_never_seen_half_changed(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path, what: str
) -> None:
    at_first(misp_tables, what)
    filled(site.redis, settings_of(mysql_server))
    hashes, changes = Database(misp_tables).hashes, Changes(misp_tables, 1)
    before = everybody(site, hashes)
    change(misp_tables, what)
    changes.tell(attribute=1, group=5)
    hashes = sorted({*hashes, *Database(misp_tables).hashes})
    watch = Watch(site, hashes)
    told(site, tmp_path, changes, watch)
    check_visibility(site.redis, misp_tables)
    check_never_more(watch.seen, before, everybody(site, hashes))


def test_much_that_changes_together_shows_nobody_more_than_before_or_after(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", seed=17, attributes=300)
    filled(site.redis, settings_of(mysql_server))
    hashes, changes = set(Database(misp_tables).hashes), Changes(misp_tables, 4)
    changes.shuffle()
    changes.lose()
    some = sorted(hashes | set(Database(misp_tables).hashes))[::5]
    before, watch = everybody(site, some), Watch(site, some)
    told(site, tmp_path, changes, watch)
    check_visibility(site.redis, misp_tables)
    check_never_more(watch.seen, before, everybody(site, some))
