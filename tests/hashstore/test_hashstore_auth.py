"""Keys: MISP's own, legacy and advanced, and the store's; wrong ones are limited and all alike."""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from typing import Any

import bcrypt
import pytest
from asking import filled, settings_of
from misp_accounts import ADMIN, NO_API, USER, advanced, roles, user
from misp_database import Server
from recording import recorded, shapes
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest, until
from watchfloor_hashstore import desk, own_keys
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


class Calculations:
    """How often bcrypt was asked, which is what takes the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("checkpw", "hashpw"):
            monkeypatch.setattr(bcrypt, name, partial(self._ask, getattr(bcrypt, name)))

    def _ask(self, function: Any, *arguments: bytes) -> Any:
        self.count += 1
        return function(*arguments)


def wrong_keys(site: SiteUnderTest, server: Server, cursor: Any, *, with_advanced: bool) -> dict[str, str]:
    """Keys that nobody may use from 198.51.100.9, by what is wrong with them."""
    users(cursor)
    found = {"legacy, disabled": f"{PLAIN[:-1]}3", "legacy, without API": f"{PLAIN[:-1]}4"}
    if with_advanced:
        elsewhere = json.dumps(["203.0.113.0/24"])
        found |= {
            "legacy where keys are advanced": f"{PLAIN[:-1]}2",
            "expired": advanced(cursor, key("c"), 2, expiration=NOW - 1),
            "from elsewhere": advanced(cursor, key("d"), 2, allowed_ips=elsewhere),
            "disabled": advanced(cursor, key("e"), 3),
            "without API": advanced(cursor, key("f"), 4),
            "nearly": advanced(cursor, key("g"), 2).replace("gg", "gG"),
            "from nowhere": advanced(cursor, key("h"), 2, allowed_ips="unreadable"),
            "broken": advanced(cursor, key("i"), 2),
        }
        cursor.execute("UPDATE auth_keys SET authkey = 'x' WHERE authkey_start = %s", (key("i")[:4],))
    filled(site.redis, settings_of(server))
    revoked = own_keys.create(site.redis, OwnKey("revoked", 7))
    own_keys.revoke(site.redis, next(iter(own_keys.listed(site.redis))))
    return found | {
        "own, expired": own_keys.create(site.redis, OwnKey("old", 7, NOW - 9, NOW - 1)),
        "own, from elsewhere": own_keys.create(site.redis, OwnKey("away", 7, addresses=["203.0.113.7"])),
        "own, revoked": revoked,
        "made up": "x" * 40,
        "no key at all": "*",
    }


@pytest.mark.parametrize("with_advanced", [False, True], ids=["legacy", "advanced"])
def test_whatever_is_wrong_with_a_key_looks_alike(
    make_site: SiteMaker,
    mysql_server: Server,
    misp_tables: Any,
    monkeypatch: pytest.MonkeyPatch,
    with_advanced: bool,
) -> None:
    """The same answer after the same commands and calculations, so that the time is the same as well."""
    monkeypatch.setattr(desk, "_FRESH", 0.0)
    site = make_site(plugins={"hashstore": {"limits": {"tries": 1000}}})
    wrong = wrong_keys(site, mysql_server, misp_tables, with_advanced=with_advanced)
    calculations = Calculations(monkeypatch)
    told: dict[str, Any] = {}
    with TestClient(site.app(), client=("198.51.100.9", 5)) as browser:
        for what, made in wrong.items():
            before = calculations.count
            with recorded(site.redis) as commands:
                answers = [post(browser, made), old(browser, made)]
            seen = shapes(commands, "HASHSTORE", "HASHSTORE_KEYS", "HASHSTORE_OWN_KEYS")
            said = [(one.status_code, one.content, dict(one.headers)) for one in answers]
            told[what] = said, seen, calculations.count - before
    assert {what: one for what, one in told.items() if one != told["made up"]} == {}
    (lookup, _), _, count = told["made up"]
    assert (lookup[0], count) == (401, 2 if with_advanced else 0)


def old(browser: TestClient, made: str) -> Any:
    return browser.post("/hashstore/json", json={"method": "search", "authkey": made, "value": "x"})


def test_a_wrong_key_takes_as_long_as_the_instances_keys_do(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    users(misp_tables)
    misp_tables.execute("DELETE FROM auth_keys")
    advanced(misp_tables, key("a"), 2, cost=5)
    advanced(misp_tables, key("b"), 2)
    filled(site.redis, settings_of(mysql_server))
    asked: list[bytes] = []
    monkeypatch.setattr(bcrypt, "hashpw", lambda _, salt: asked.append(salt))
    assert whose(site, "x" * 40) is None
    assert [salt[:7] for salt in asked] == [b"$2b$05$"]


def test_addresses_decide_who_may_use_a_key(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    site = make_site(plugins={"hashstore": {"limits": {"tries": 1000}}})
    users(misp_tables)
    allowed = json.dumps(["198.51.100.0/24", "2001:db8::/32"])
    keys = [
        advanced(misp_tables, key("a"), 2, allowed_ips=allowed),
        own_keys.create(site.redis, OwnKey("sensor", 2, addresses=["198.51.100.0/24", "2001:db8::/32"])),
    ]
    filled(site.redis, settings_of(mysql_server))
    statuses = {}
    for address in (
        "198.51.100.7",
        "2001:db8::7",
        "::ffff:198.51.100.7",
        "203.0.113.7",
        "2001:db9::1",
        "unix",
    ):
        with TestClient(site.app(), client=(address, 5)) as browser:
            claims = {"x-forwarded-for": "198.51.100.7", "forwarded": "for=198.51.100.7"}
            statuses[address] = {
                post(browser, one, **more).status_code for one in keys for more in ({}, claims)
            }
    assert statuses == {
        "198.51.100.7": {200}, "2001:db8::7": {200}, "::ffff:198.51.100.7": {200}, "203.0.113.7": {401},
        "2001:db9::1": {401}, "unix": {401},
    }  # fmt: skip


def test_a_thousand_wrong_tries_are_limited_logged_and_alike(
    make_site: SiteMaker, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(plugins={"hashstore": {}})
    right = own_keys.create(site.redis, OwnKey("laptop", 7))
    with TestClient(site.app()) as browser, caplog.at_level(logging.WARNING):
        assert post(browser, right).status_code == 200
        answers = [post(browser, f"{n:040d}") for n in range(1000)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 990
        assert len({answer.text for answer in answers[:10]}) == 1
        assert {int(answer.headers["retry-after"]) > 0 for answer in answers[10:]} == {True}
        assert post(browser, right).status_code == 200, "who was right before is not locked out"
        assert old(browser, "0" * 40).status_code == 429
        own_keys.revoke(site.redis, next(iter(own_keys.listed(site.redis))))
        until(lambda: post(browser, right).status_code != 200, "the end of the key")
        assert post(browser, right).status_code == 429, "a key that was revoked is as wrong as any"
    told = [record.getMessage() for record in caplog.records if "wrong API key" in record.message]
    assert len(told) == 11
    assert all("from testclient" in sentence for sentence in told)
    assert right not in caplog.text
    assert f"{1:040d}" not in caplog.text


def test_tries_are_counted_by_address_and_forgotten() -> None:
    tries = Tries(2, 60.0)
    for _ in range(2):
        tries.wrong("2001:db8::1", 100.0)
    assert tries.wait("2001:db8::ffff", 101.0) == 59.0
    assert tries.wait("198.51.100.1", 101.0) == 0.0
    assert tries.wait("2001:db8::1", 161.0) == 0.0
