"""What a caller may not see looks like what is not there, whatever is sent: same bytes, same commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from asking import hits
from recording import recorded, shapes
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore import desk, own_keys
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, Change, EventIs, ObjectIs
from watchfloor_hashstore.keys import (
    CHANGED,
    ENTRIES,
    EVENTS,
    GROUPS,
    MISP_KEYS,
    NAMES,
    OBJECTS,
    OWN_KEYS,
    STATE,
)
from watchfloor_hashstore.layout import SHARDS
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.hashing import digest, digests

EVENT = "{:08d}-1111-4111-8111-111111111111".format
SECRET = "secret.example"
HASH = digest(SECRET).hex()
FAMILIES = (
    "HASHSTORE", "HASHSTORE_ENTRIES", "HASHSTORE_EVENTS", "HASHSTORE_OBJECTS", "HASHSTORE_CHANGED",
    "HASHSTORE_NAMES", "HASHSTORE_GROUPS", "HASHSTORE_KEYS", "HASHSTORE_OWN_KEYS",
)  # fmt: skip
# Each stands for what is known of nothing; a caller of organisation 3 may not see any of the other values.
HIDDEN = {
    "of another's event": SECRET,
    "of another's attribute": "private.example",
    "of another's object": "within.example",
    "deleted": "deleted.example",
    "of a deleted event": "gone.example",
    "many times": "popular.example",
}


@pytest.fixture
def sites(make_site: SiteMaker) -> list[SiteUnderTest]:
    """Two processes with one store: event 1 is open, but for some of what is in it, 2 is organisation 2's,
    and 4 was deleted."""
    plugins = {"hashstore": {"limits": {"tries": 100_000}}}
    sites = [make_site(plugins=plugins) for _ in range(2)]
    changes: list[Change] = [
        *(EventIs(id_, EVENT(id_), id_, level, 1.0) for id_, level in ((1, "*"), (2, "-"))),
        ObjectIs(7, "-", 1.0),
        _attribute(10, 1, "open.example"),
        _attribute(11, 2, SECRET),
        _attribute(12, 1, "private.example", level="-"),
        _attribute(13, 1, "within.example", object=7),
        _attribute(14, 1, "deleted.example"),
        _attribute(15, 4, "gone.example"),
        *(_attribute(20 + n, 1 + n % 2, "popular.example", level="-") for n in range(7)),
    ]
    bring_in(sites[0].redis, changes)
    bring_in(sites[0].redis, [_attribute(14, 1, "other.example", edited=True)])
    return sites


@pytest.fixture
def site(sites: list[SiteUnderTest]) -> SiteUnderTest:
    """One of them."""
    return sites[0]


def _attribute(id_: int, event: int, value: str, **more: Any) -> AttributeIs:
    told = {"level": "*", "type": "domain", "category": "Network activity", **more}
    return AttributeIs(id=id_, event=event, hashes=sorted(digests("domain", value)), received=1.0, **told)


@dataclass(frozen=True)
class Asking:
    """A caller, and the ways in which one can ask."""

    browser: TestClient
    key: str

    def lookup(self, body: Any, kind: str = "application/json") -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": kind, "authorization": self.key}
        return self.browser.post("/hashstore/lookup", content=data, headers=headers)

    def old(self, **question: Any) -> Any:
        body = {"method": "search", "authkey": self.key, **question}
        return self.browser.post("/hashstore/json", content=json.dumps(body).encode())


WAYS: dict[str, Callable[[Asking, str], Any]] = {
    "value": lambda asking, value: asking.lookup([value]),
    "among others": lambda asking, value: asking.lookup(["open.example", value, "absent.example"]),
    "hash": lambda asking, value: asking.lookup({"hash": digest(value).hex()}),
    "line": lambda asking, value: asking.lookup(value.encode(), "text/plain"),
    "parts": lambda asking, value: asking.lookup({"values": [f"http://{value}/"], "parts": True}),
    "old protocol": lambda asking, value: asking.old(value=value),
    "old protocol, quiet": lambda asking, value: asking.old(hash_value=[digest(value).hex()], quiet=True),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_may_not_be_seen_and_what_is_not_there_are_alike(
    sites: list[SiteUnderTest], hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer after the same commands, from processes that were just started and from others."""
    monkeypatch.setattr(desk, "_FRESH", 0.0)  # keys are looked at each time
    value = HIDDEN[hidden]
    absent = "x" * (len(value) - 8) + ".example"
    site = sites[0]
    with TestClient(site.app()) as one, TestClient(sites[1].app()) as other:
        asking = Asking(one, own_keys.create(site.redis, OwnKey("t", 3)))
        for ask in WAYS.values():
            assert asked(site, asking, ask, value) == asked(site, Asking(other, asking.key), ask, absent)
        told = _attribute(30, 2, value, type="never seen", category="strange")
        bring_in(site.redis, [told])
        for ask in WAYS.values():
            assert asked(site, asking, ask, value) == asked(site, Asking(other, asking.key), ask, absent)


def asked(site: SiteUnderTest, asking: Asking, ask: Callable[..., Any], value: str) -> tuple[Any, ...]:
    """What came back, and what Redis was sent for it."""
    with recorded(site.redis) as commands:
        answer = ask(asking, value)
    assert answer.status_code == 200
    return answer.content, dict(answer.headers), shapes(commands, *FAMILIES)


def test_the_owner_is_shown_all_of_it(site: SiteUnderTest) -> None:
    """What is compared above is there to be hidden."""
    with TestClient(site.app()) as browser:
        asking = Asking(browser, own_keys.create(site.redis, OwnKey("t", 2)))
        counts = {name: len(asking.lookup([value]).json()["results"][0]) for name, value in HIDDEN.items()}
    assert counts == {
        "of another's event": 1, "of another's attribute": 0, "of another's object": 0, "deleted": 0,
        "of a deleted event": 0, "many times": 3,
    }  # fmt: skip
    assert len(hits(site.redis, Who(1), *HIDDEN.values())) == 6


CRAFTED = [
    f"2:{HASH}", f"hashstore:2:{HASH}", f"HASHSTORE_ENTRIES:live:{HASH[:2]}", HASH, f"{SECRET}*", "*", "?",
    "[a-z]*", "secret.exam*le", "secret.example%00", f"{SECRET}\u0000", f"{SECRET}\u0000x",
    "se\u0441ret.example",
    f"{SECRET}\r\nHGETALL HASHSTORE_OWN_KEYS", f"{SECRET}\n", "*1\r\n$8\r\nFLUSHALL\r\n", "\ud800", "\udcff",
    f"\ud800{SECRET}", "\u202e" + SECRET[::-1], "' OR 1=1 --", "${jndi:x}", "../../etc/passwd", "\uff0a",
    "x" * 999_999, "[" + " " * 99_999, f"{SECRET}|{SECRET}", "HASHSTORE", "\x1f".join([SECRET] * 9), "", " ",
]  # fmt: skip


@pytest.mark.parametrize("way", ["value", "parts", "old protocol"])
def test_crafted_values_reach_nothing(site: SiteUnderTest, way: str) -> None:
    """The key of each command is one of ours, and what the caller said is not in it."""
    with TestClient(site.app()) as browser, recorded(site.redis) as commands:
        asking = Asking(browser, own_keys.create(site.redis, OwnKey("t", 3)))
        for value in CRAFTED:
            answer = WAYS[way](asking, value)
            assert answer.status_code in (200, 400, 422), ascii(value[:99])
            assert "11111111-1111-4111" not in answer.text, ascii(value[:99])
    families = {command[1].decode() for command in commands if command[0] in (b"HMGET", b"HGET", b"HGETALL")}
    shards = {str(ENTRIES(generation="live", shard=shard)) for shard in range(SHARDS)}
    others = (EVENTS, OBJECTS, CHANGED, NAMES, GROUPS, MISP_KEYS)
    ours = {str(family(generation="live")) for family in others} | {str(STATE()), str(OWN_KEYS())} | shards
    assert families <= ours
    assert not any(b"secret" in part or b"FLUSH" in part for command in commands for part in command)
    assert site.redis.exists("HASHSTORE_OWN_KEYS")


@pytest.mark.parametrize(
    "text",
    [f"2:{HASH}", HASH[:-1], HASH[:-2], HASH + "00", f"{HASH}\n{HASH}", "*" * 64, "\uff10" * 64, "",
     "0x" + HASH[2:], HASH[:62] + "\u0000\u0000", "-" + HASH[1:]],
)  # fmt: skip
def test_what_is_no_hash_is_refused_or_known_to_nobody(site: SiteUnderTest, text: str) -> None:
    with TestClient(site.app()) as browser:
        asking = Asking(browser, own_keys.create(site.redis, OwnKey("t", 2)))
        assert asking.lookup({"hash": HASH}).json()["results"][0]
        assert asking.lookup({"hash": text}).status_code == 422
        assert asking.lookup({"hashes": [[HASH, text]]}).status_code == 422
        assert asking.old(hash_value=[text, HASH]).json() == [[], [EVENT(2)]]


def test_more_hashes_or_parts_than_one_may_ask_for_are_refused(site: SiteUnderTest) -> None:
    with TestClient(site.app()) as browser:
        asking = Asking(browser, own_keys.create(site.redis, OwnKey("t", 2)))
        assert asking.lookup({"hashes": [[HASH] * 16]}).status_code == 200
        refused = asking.lookup({"hashes": [[HASH] * 17]})
        assert (refused.status_code, refused.json()["detail"]) == (422, "A value has more than 16 hashes.")
        networks = asking.lookup({"values": ["198.51.100.0/24"] * 1000, "parts": True})
        assert networks.status_code == 413
        assert "more than 100,000 parts" in networks.json()["detail"]
        for long in (asking.lookup(["x" * 1_000_001]), asking.lookup(b"x" * 1_000_001, "text/plain")):
            assert long.status_code == 422
            assert "more than 1,000,000 characters" in long.json()["detail"]
        assert "more than 1,000,000 characters" in asking.old(value="x" * 1_000_001).json()["error"]


def test_lines_end_where_the_caller_ends_them(site: SiteUnderTest) -> None:
    """Else the answers of all that follow belonged to other lines."""
    lines = b"a\x0cb\xe2\x80\xa8c\x85\r\n\n\xff\xfe\nsecret.example \r\nopen.example"
    with TestClient(site.app()) as browser:
        asking = Asking(browser, own_keys.create(site.redis, OwnKey("t", 2)))
        found = asking.lookup(lines, "text/plain").json()["results"]
        assert [len(hits) for hits in found] == [0, 0, 0, 1, 1]
        assert len(asking.lookup(lines + b"\n", "text/plain").json()["results"]) == 5
        assert asking.lookup(b"", "text/plain").json()["results"] == []


WRONG_KEYS = [
    "", "*", "HASHSTORE_OWN_KEYS", "3:" + "0" * 38, "0" * 39, "0" * 41, "0" * 40 + "\x00", "ü" * 40,
    "x" * 10_000, "a,b", "Bearer", "Basic dXNlcjpwYXNz", "mode", "legacy:" + "0" * 33,
]  # fmt: skip


def test_crafted_keys_are_nobodys(site: SiteUnderTest) -> None:
    key = own_keys.create(site.redis, OwnKey("t", 2))
    wrong = [*WRONG_KEYS, key[:-1], key.swapcase(), f"{key} x", f"{key},{key}"]
    with TestClient(site.app()) as browser:
        answers = {Asking(browser, one).old(value=SECRET).text for one in (*wrong, f"{key}\n")}
        assert answers == {'{"error":"this API key is wrong, expired, or not for use from here"}'}
        assert "Invalid query" in Asking(browser, "\ud800" * 40).old(value=SECRET).json()["error"]
        headers = [{name: one.encode()} for one in wrong for name in (b"authorization", b"x-misp-auth")]
        told = [browser.post("/hashstore/lookup", json=[SECRET], headers=header) for header in headers]
        assert {(one.status_code, one.text) for one in told} == {(401, told[0].text)}
        assert Asking(browser, key).old(value=SECRET).json() == [[EVENT(2)]]
