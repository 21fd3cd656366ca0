"""No leak and no miss: whoever asks is shown what MISP shows, after imports, updates and live messages.

The database is random, and holds every combination of what decides who sees an attribute. MISP's own
condition says what is right. Those who ask are an ordinary user and a site admin of each organisation, with
legacy keys or advanced ones, and then with a site admin's key that only reads as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import check_accounts, check_exports, check_visibility, filled, quiet, settings_of
from feeding import tell_all
from misp_accounts import everybody
from misp_changes import Changes
from misp_content import EVENTS, fill
from misp_database import Server
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore import packing
from watchfloor_hashstore.updating import update_misp


@pytest.fixture(params=[False, True], ids=["", "unpublishedprivate"])
def private(request: pytest.FixtureRequest) -> bool:
    """Whether the instance keeps unpublished events to those who own them."""
    return bool(request.param)


@pytest.fixture
def site(make_site: SiteMaker, private: bool) -> SiteUnderTest:
    return make_site(plugins={"hashstore": {"unpublishedprivate": private}})


@pytest.mark.parametrize("advanced", [False, True], ids=["legacy keys", "advanced keys"])
def test_after_an_import(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, private: bool, advanced: bool, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", attributes=1500, combined=2)
    accounts = everybody(misp_tables, with_advanced=advanced)
    summary = filled(site.redis, settings_of(mysql_server, unpublishedprivate=private))
    assert (summary.events, summary.keys) == (EVENTS, len(accounts))
    check_visibility(site.redis, misp_tables, unpublishedprivate=private)
    check_exports(site.redis, misp_tables, tmp_path / "export.wfh", unpublishedprivate=private)
    with TestClient(site.app()) as browser:
        check_accounts(browser, misp_tables, accounts, unpublishedprivate=private)


def test_after_an_import_that_other_processes_pack(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_FEW", 0)
    fill(mysql_server, "misp", attributes=1500, combined=1)
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    check_visibility(site.redis, misp_tables)


def test_after_updates(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, private: bool, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", seed=7, attributes=500, combined=1)
    accounts = everybody(misp_tables, with_advanced=True)
    settings = settings_of(mysql_server, unpublishedprivate=private)
    filled(site.redis, settings)
    changes = Changes(misp_tables, 3)
    with TestClient(site.app()) as browser:  # one process, that has to notice what changes
        check_accounts(browser, misp_tables, accounts[:3], unpublishedprivate=private)
        for _ in range(2):
            changes.shuffle()
            update_misp(site.redis, settings, quiet)
            check_visibility(site.redis, misp_tables, unpublishedprivate=private)
        update_misp(site.redis, settings, quiet)
        check_accounts(browser, misp_tables, accounts, unpublishedprivate=private)
    check_exports(site.redis, misp_tables, tmp_path / "export.wfh", unpublishedprivate=private)


def test_after_live_messages(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, private: bool, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", seed=11, attributes=500, combined=1)
    accounts = everybody(misp_tables, with_advanced=True)
    filled(site.redis, settings_of(mysql_server, unpublishedprivate=private))
    changes = Changes(misp_tables, 5)
    with TestClient(site.app()) as browser:
        check_accounts(browser, misp_tables, accounts[:3], unpublishedprivate=private)
        for _ in range(2):
            changes.shuffle()
            changes.lose()
            tell_all(site, changes.told())
            check_visibility(site.redis, misp_tables, unpublishedprivate=private)
        check_accounts(browser, misp_tables, accounts, unpublishedprivate=private)
    check_exports(site.redis, misp_tables, tmp_path / "export.wfh", unpublishedprivate=private)
