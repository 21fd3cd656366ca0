"""`update`: after what MISP's users do, everybody sees what MISP shows, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from asking import quiet, settings_of
from misp_database import Server

from watchfloor.testing import SiteMaker
from watchfloor_hashstore.errors import NoStoreError
from watchfloor_hashstore.updating import update_misp


def test_an_update_needs_an_import_first(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    with pytest.raises(NoStoreError, match="run `watchfloor hashstore import` first"):
        update_misp(make_site(plugins={"hashstore": {}}).redis, settings_of(mysql_server), quiet)
