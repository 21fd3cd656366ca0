"""Keys: MISP's own, legacy and advanced, and the store's; wrong ones are limited and all alike."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from asking import filled, settings_of
from misp_accounts import ADMIN, NO_API, USER, advanced, roles, user
from misp_database import Server
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.auth import Tries, Verifier, find
from watchfloor_hashstore.lookup import Who, run
from watchfloor_hashstore.own_keys import OwnKey

NOW = int(time.time())
PLAIN = "LegacyKey" + "0" * 31


def key(letter: str) -> str:
    return f"Ab{letter}1" + letter * 32 + "9Yz8"


def users(cursor: Any) -> None:
    """Users 1 to 6: site admin, ordinary, disabled, without API, of another organisation, ordinary."""
    roles(cursor)
    rows = [(1, ADMIN, 0), (2, USER, 0), (2, USER, 1), (2, NO_API, 0), (3, USER, 0), (4, USER, 0)]
    for id_, (org, role, disabled) in enumerate(rows, 1):
        user(cursor, id_, org, role, disabled=disabled)


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site(plugins={"hashstore": {}})


def whose(site: SiteUnderTest, key: str, address: str = "198.51.100.9", now: float = NOW) -> Who | None:
    (found,) = run(site.redis, find([key]))
    return Verifier().verify(key, found, address, now)


def test_legacy_keys_count_where_there_are_no_others(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    users(misp_tables)
    filled(site.redis, settings_of(mysql_server))
    found = [whose(site, PLAIN[:-1] + str(i)) for i in range(1, 7)]
    assert found == [Who(1, admin=True), Who(2), None, None, Who(3), Who(4)]
    assert whose(site, PLAIN.lower()) is None


def test_advanced_keys_count_where_there_are_any(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    users(misp_tables)
    keys = {
        "a": advanced(misp_tables, key("a"), 1),
        "b": advanced(misp_tables, key("b"), 1, read_only=1),
        "c": advanced(misp_tables, key("c"), 2, expiration=NOW - 1),
        "d": advanced(misp_tables, key("d"), 2, "$2a$", expiration=NOW + 60),
        "e": advanced(misp_tables, key("e"), 2, allowed_ips=json.dumps(["198.51.100.0/24", "2001:db8::/32"])),
        "f": advanced(misp_tables, key("f"), 3),
        "g": advanced(misp_tables, key("g"), 4),
    }
    filled(site.redis, settings_of(mysql_server))
    found = {name: whose(site, one) for name, one in keys.items()}
    assert found == {
        "a": Who(1, admin=True),
        "b": Who(1),
        "c": None,
        "d": Who(2),
        "e": Who(2),
        "f": None,
        "g": None,
    }
    assert [whose(site, keys["e"], a) for a in ("2001:db8::5", "::ffff:198.51.100.3")] == [Who(2), Who(2)]
    assert [whose(site, keys["e"], a) for a in ("203.0.113.1", "", "unix")] == [None] * 3
    assert whose(site, keys["d"], now=NOW + 61) is None
    assert whose(site, PLAIN[:-1] + "2") is None, "an old plain key is no key where keys are advanced"
    assert whose(site, keys["a"].replace("aaa", "aAa")) is None


def test_the_setting_says_which_keys_count(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    users(misp_tables)
    made = advanced(misp_tables, key("a"), 2)
    filled(site.redis, settings_of(mysql_server, authkeys="legacy"))
    assert (whose(site, made), whose(site, PLAIN[:-1] + "2")) == (None, Who(2))


def test_no_key_is_kept_in_clear(site: SiteUnderTest, mysql_server: Server, misp_tables: Any) -> None:
    users(misp_tables)
    filled(site.redis, settings_of(mysql_server))
    made = own_keys.create(site.redis, OwnKey("laptop", 2))
    dumped = b"".join(site.redis.dump(name) for name in site.redis.scan_iter())
    names = b"".join(site.redis.scan_iter())
    for one in (made, PLAIN[:-1] + "2"):
        assert one.encode() not in dumped + names


def test_own_keys_end_when_they_expire_or_are_revoked(site: SiteUnderTest) -> None:
    made = own_keys.create(site.redis, OwnKey("laptop", 7, NOW, NOW + 60, ["198.51.100.0/24"]))
    assert whose(site, made) == Who(7)
    assert whose(site, made, "203.0.113.1") is None
    assert whose(site, made, now=NOW + 61) is None
    (name,) = own_keys.listed(site.redis)
    own_keys.revoke(site.redis, name)
    assert whose(site, made) is None


@pytest.mark.parametrize(
    "wrong", ["", "*", "x", "\n", "5:" + "0" * 38, "HASHSTORE_OWN_KEYS", "ü" * 40, "a" * 41, "\udc80"]
)
def test_what_is_no_key_is_nobodys(site: SiteUnderTest, wrong: str) -> None:
    own_keys.create(site.redis, OwnKey("laptop", 7))
    assert whose(site, wrong) is None


def post(browser: TestClient, made: str, **more: Any) -> Any:
    return browser.post("/hashstore/lookup", json=["evil.example"], headers={"authorization": made, **more})


def test_a_thousand_wrong_tries_are_limited_logged_and_alike(
    make_site: SiteMaker, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(plugins={"hashstore": {}})
    right = own_keys.create(site.redis, OwnKey("laptop", 7))
    old = own_keys.create(site.redis, OwnKey("old", 7, NOW - 9, NOW - 1))
    away = own_keys.create(site.redis, OwnKey("away", 7, addresses=["203.0.113.7"]))
    with TestClient(site.app()) as browser, caplog.at_level(logging.WARNING):
        assert post(browser, right).status_code == 200
        answers = [post(browser, wrong) for wrong in (old, away, "nonsense", right[:-1] + "x", "")]
        assert {(a.status_code, a.text) for a in answers} == {(401, answers[0].text)}
        statuses = [post(browser, f"{n:040d}").status_code for n in range(1000)]
        assert statuses.count(401) == 5
        assert statuses.count(429) == 995
        limited = post(browser, "0" * 40)
        assert int(limited.headers["retry-after"]) >= 1
        assert post(browser, right).status_code == 200, "who was right before is not locked out"
    assert sum("wrong API key" in record.message for record in caplog.records) == 10
    assert right not in caplog.text


def test_tries_are_counted_by_address_and_forgotten() -> None:
    tries = Tries(2, 60.0)
    for _ in range(2):
        tries.wrong("2001:db8::1", 100.0)
    assert tries.wait("2001:db8::ffff", 101.0) == 59.0
    assert tries.wait("198.51.100.1", 101.0) == 0.0
    assert tries.wait("2001:db8::1", 161.0) == 0.0
