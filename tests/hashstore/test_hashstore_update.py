"""`update`: after what MISP's users do, everybody sees what MISP shows, and nothing else."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from asking import check_visibility, filled, quiet, settings_of
from misp_database import GROUPS, ORGS, Server, attribute, fill, insert

from watchfloor.testing import SiteMaker
from watchfloor_hashstore.errors import NoStoreError
from watchfloor_hashstore.updating import update_misp


def shuffle(cursor: Any, rng: random.Random) -> None:
    """What changes in MISP between two runs, time stamps as MISP writes them."""
    now = int(time.time())
    ids = rng.sample(range(1, 3001), 400)
    for n, id_ in enumerate(ids):
        match n % 4:
            case 0:
                change = f"value1 = 'changed{n}.example', value2 = '', type = 'domain'"
            case 1:
                change = f"distribution = {rng.randrange(6)}, sharing_group_id = {rng.choice(GROUPS)}"
            case 2:
                change = "deleted = 1"
            case _:
                change = "deleted = 0"
        cursor.execute(f"UPDATE attributes SET {change}, timestamp = {now} WHERE id = {id_}")
    for id_ in rng.sample(range(1, 121), 60):
        change = (
            f"distribution = {rng.randrange(5)}, published = {rng.randrange(2)}, org_id = {rng.choice(ORGS)}"
        )
        cursor.execute(f"UPDATE events SET {change}, timestamp = {now} WHERE id = {id_}")
        cursor.execute(f"UPDATE objects SET distribution = {rng.randrange(6)} WHERE id = {id_}")
    cursor.execute("DELETE FROM events WHERE id % 17 = 0")
    cursor.execute("DELETE FROM attributes WHERE event_id % 17 = 0")
    cursor.execute("DELETE FROM sharing_group_orgs WHERE id % 3 = 0")
    cursor.execute(
        "INSERT INTO sharing_group_servers (sharing_group_id, server_id, all_orgs) VALUES (1, 0, 1)"
    )
    insert(cursor, "attributes", [{**attribute(rng, 120, [1, 2, 3]), "timestamp": now} for _ in range(200)])


@pytest.mark.parametrize("private", [False, True])
def test_an_update_leads_where_an_import_would(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, private: bool
) -> None:
    fill(mysql_server, "misp", seed=7)
    site = make_site(plugins={"hashstore": {}})
    settings = settings_of(mysql_server, unpublishedprivate=private)
    filled(site.redis, settings)
    rng = random.Random(3)
    for _ in range(2):
        shuffle(misp_tables, rng)
        update_misp(site.redis, settings, quiet)
        check_visibility(site.redis, misp_tables, unpublishedprivate=private)
    update_misp(site.redis, settings, quiet)
    check_visibility(site.redis, misp_tables, unpublishedprivate=private)


def test_an_update_needs_an_import_first(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    with pytest.raises(NoStoreError, match="run `watchfloor hashstore import` first"):
        update_misp(make_site(plugins={"hashstore": {}}).redis, settings_of(mysql_server), quiet)
