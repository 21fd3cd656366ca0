"""Asking over HTTP: what is answered, in what order, and what is refused."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.web.server import serving
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, EventIs, GroupIs
from watchfloor_hashstore.keys import LOOKUPS
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.hashing import digest, digests, split
from watchfloor_hashstore.settings import LimitSettings

UUIDS = {n: f"{n:08d}-1111-4111-8111-111111111111" for n in range(1, 9)}


def packed(content: bytes) -> bytes:
    """Compressed, and the same at each second: the cores that share the tests name them by it."""
    return gzip.compress(content, mtime=0)


def put(site: SiteUnderTest, event: int, owner: int, level: str, *values: tuple[str, str]) -> None:
    """An event with attributes of these types and values."""
    changes: list[Any] = [EventIs(event, UUIDS[event], owner, level, 1.0, tlp="amber")]
    for n, (type_, value) in enumerate(values):
        hashes = sorted(digests(type_, *split(type_, value)))
        changes.append(
            AttributeIs(event * 100 + n, event, hashes, "*", type_, "Network activity", 1.0, to_ids=True)
        )
    bring_in(site.redis, changes)


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    """Event 1 is everyone's, 2 is organisation 2's, 3 is shared with organisation 3."""
    site = make_site(plugins={"hashstore": {"limits": {"values": 30_000, "body": 4_000_000}}})
    put(site, 1, 1, "*", ("domain", "evil.example"), ("ip-dst|port", "198.51.100.7|443"))
    put(site, 2, 2, "-", ("domain", "evil.example"), ("domain", "secret.example"))
    put(site, 3, 1, "12", ("domain", "shared.example"))
    bring_in(site.redis, [GroupIs("12", "3", 1.0)])
    return site


class Client:
    def __init__(self, site: SiteUnderTest, browser: TestClient) -> None:
        self.browser = browser
        self.keys = {org: own_keys.create(site.redis, OwnKey("t", org)) for org in (None, 1, 2, 3)}

    def post(self, body: Any, org: int | None = None, /, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "authorization": self.keys[org], **headers}
        return self.browser.post("/hashstore/lookup", content=data, headers=headers)

    def events(self, values: Any, org: int | None = None, /, **headers: str) -> list[list[str]]:
        answer = self.post(values, org, **headers)
        assert answer.status_code == 200, answer.text
        return [[hit["event_id"] for hit in hits] for hits in answer.json()["results"]]


@pytest.fixture
def client(site: SiteUnderTest) -> Iterator[Client]:
    with TestClient(site.app()) as browser:
        yield Client(site, browser)


def test_answers_come_in_order_with_what_is_known(client: Client) -> None:
    answer = client.post({"values": ["nothing", "EVIL[.]example", "198.51.100.7", ""]}).json()
    assert [len(hits) for hits in answer["results"]] == [0, 1, 1, 0]
    assert answer["results"][1] == [
        {"event_uuid": UUIDS[1], "event_id": "1", "type": "domain", "category": "Network activity",
         "to_ids": True, "date": "", "tlp": "amber"}
    ]  # fmt: skip
    assert (answer["imported"], answer["updated"]) == (0.0, 0.0)


def test_everybody_sees_what_is_theirs(client: Client) -> None:
    values = ["evil.example", "secret.example", "shared.example"]
    assert client.events(values) == [["1"], [], []]
    assert client.events(values, 1) == [["1"], [], ["3"]]
    assert client.events(values, 2) == [["1", "2"], ["2"], []]
    assert client.events(values, 3) == [["1"], [], ["3"]]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (["evil.example"], {}),
        ({"value": "evil.example"}, {}),
        ({"hash": digest("evil.example").hex()}, {}),
        ({"hashes": [[digest("x").hex(), digest("evil.example").hex().upper()]]}, {}),
        (b"evil.example\r\n", {"content-type": "text/plain; charset=utf-8"}),
        (packed(b'["evil.example"]'), {"content-encoding": "gzip"}),
        (["hxxp://evil[.]example"], {}),
    ],
)
def test_a_question_may_be_put_in_several_ways(client: Client, body: Any, headers: dict[str, str]) -> None:
    assert client.events(body, **headers) == ([["1"]] if body != ["hxxp://evil[.]example"] else [[]])


def test_parts_are_looked_up_on_request(client: Client) -> None:
    answer = client.post({"values": ["http://evil.example/x", "198.51.100.7|443"], "parts": True}).json()
    assert [len(hits) for hits in answer["results"]] == [0, 1]
    assert [[part["value"] for part in parts] for parts in answer["parts"]] == [
        ["evil.example"],
        ["198.51.100.7"],
    ]


def test_many_values_are_streamed_in_order(client: Client) -> None:
    values = [f"no{n}.example" for n in range(25_000)]
    values[::5000] = ["evil.example"] * 5
    answer = client.events(values)
    assert [at for at, found in enumerate(answer) if found] == list(range(0, 25_000, 5000))
    assert len(answer) == 25_000
    assert client.events([]) == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"{", {}, 400, "not JSON"),
        (b"\xff", {}, 400, "not JSON"),
        (b"", {}, 400, "not JSON"),
        ({"values": [1]}, {}, 422, "Expected `str`, got `int`"),
        ({"values": ["a"], "hashes": []}, {}, 422, "either values or hashes"),
        ({"valeus": ["a"]}, {}, 422, "unknown field `valeus`"),
        ({"hashes": ["5:" + "0" * 62]}, {}, 422, "64 hexadecimal digits"),
        ({"hashes": ["abcd"]}, {}, 422, "64 hexadecimal digits"),
        (["x"] * 30_001, {}, 413, "30,001 values are more than 30,000"),
        (b"x" * 4_000_001, {}, 413, "4000000 bytes"),
        (packed(b" " * 50_000_000), {"content-encoding": "gzip"}, 413, "more than 4,000,000 bytes"),
        (packed(b"[]")[:-5], {"content-encoding": "gzip"}, 400, "broken or cut off"),
        (b"[]", {"content-encoding": "br"}, 415, "use gzip or none"),
        (["x"], {"authorization": "wrong"}, 401, "API key is wrong"),
    ],
)
def test_what_cannot_be_answered_is_said(
    client: Client, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    answer = client.post(body, **headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]


def test_lookups_are_counted_and_nothing_else_is_kept(site: SiteUnderTest) -> None:
    with TestClient(site.app()) as browser:
        Client(site, browser).events(["evil.example", "confidential.example"])
    (name,) = site.keys(LOOKUPS)
    counts = {field.decode().partition(":")[2]: int(n) for field, n in site.redis.hgetall(name).items()}
    assert counts == {"requests": 1, "asked": 2, "found": 1}
    assert b"confidential" not in b"".join(site.redis.dump(key) for key in site.redis.scan_iter())


def old(client: Client, **query: Any) -> Any:
    answer = client.browser.post(
        "/hashstore/json", json={"method": "search", "authkey": client.keys[1], **query}
    )
    assert answer.status_code == 200
    return answer.json()


def test_the_old_protocol_is_spoken(client: Client) -> None:
    assert old(client, value="evil.example") == [[UUIDS[1]]]
    assert old(client, value=["nothing", "Evil.Example"], quiet=True) == [False, True]
    assert old(client, value=["evil.example"], return_eid=True) == [["1"]]
    assert old(client, hash_value=[digest("shared.example").hex(), "zz", "00"]) == [[UUIDS[3]], [], []]
    assert old(client, value=[None], hash_value=digest("shared.example").hex()) == [[UUIDS[3]]]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"authkey": "x", "value": "x"}, "API key is wrong"),
        ({"method": "get"}, "Unknown method"),
        ({}, "No value to search"),
        ({"value": 5}, "Invalid query"),
        ({"authkey": None, "value": "x"}, "API key is wrong"),
    ],
)
def test_errors_of_the_old_protocol_have_the_status_200(client: Client, query: Any, says: str) -> None:
    assert says in old(client, **query)["error"]


def test_a_redis_that_is_away_is_said_in_both_protocols(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"redis": {"url": "redis://127.0.0.1:1/0"}}})
    with TestClient(site.app()) as browser:
        answer = browser.post("/hashstore/lookup", json=["x"], headers={"authorization": "k" * 40})
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "cannot be asked just now" in answer.json()["detail"]
        question = {"method": "search", "authkey": "k" * 40, "value": "x"}
        assert "cannot be asked just now" in browser.post("/hashstore/json", json=question).json()["error"]


def test_a_body_that_turns_out_too_large_is_said_to_programs(client: Client) -> None:
    chunks = iter([b"x" * 1_000_000] * 5)
    headers = {"authorization": client.keys[1]}
    answer = client.browser.post("/hashstore/lookup", content=chunks, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@pytest.fixture(scope="session")
def published_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds misp-fast-lookup 1.0, as it is on PyPI, and nothing of ours."""
    place = tmp_path_factory.mktemp("client")
    python = place / "bin" / "python"
    venv.create(place)
    ours = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    install = [*ours, "install", "--quiet", "--no-compile", "misp-fast-lookup==1.0"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(
            f"the tests need misp-fast-lookup 1.0 from PyPI, which pip could not install: {done.stderr}"
        )
    return python


def printed(*command: object) -> Any:
    """The JSON that a program prints."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(240)
def test_the_published_client_works_unchanged(site: SiteUnderTest, published_client: Path) -> None:
    made, closed = (own_keys.create(site.redis, OwnKey("old client", org)) for org in (1, 4))
    with serving(site.site, site.url) as url:
        program = [published_client, published_client.with_name("misp_fast_lookup")]

        def ask(*options: str, key: str = made) -> Any:
            where = ["-c", f"{url}/hashstore/json", "-m", "https://misp"]
            return printed(*program, *where, "-k", key, *options)

        assert ask("-s", "evil.example") == {"evil.example": [UUIDS[1]]}
        assert ask("-s", "evil.example", "-q") == {"evil.example": True}
        assert ask("-s", "evil.example", "-e") == {"evil.example": ["1"]}
        assert ask("-s", "evil.example", "-v") == {"evil.example": [f"https://misp/events/view/{UUIDS[1]}"]}
        assert ask("-s", "nothing.example") == {"nothing.example": []}
        assert ask("-a", digest("shared.example").hex()) == {"null": [UUIDS[3]]}
        assert ask("-s", "shared.example", key=closed) == {"shared.example": []}
        assert ask("-s", "evil.example", key="wrong") == {"evil.example": "error"}
        library = (
            "import json, misp_fast_lookup as m; values = ['evil.example', 'x', 'shared.example']; "
            f"print(json.dumps(m.search({url + '/hashstore/json'!r}, 'https://misp', {made!r}, values)))"
        )
        assert printed(published_client, "-c", library) == [[UUIDS[1]], [], [UUIDS[3]]]


def test_limits_have_defaults_that_the_documents_name() -> None:
    assert (LimitSettings().values, LimitSettings().tries) == (100_000, 10)


def test_the_page_stands_with_its_cards(site: SiteUnderTest) -> None:
    text = site.page("/hashstore/")
    assert 'id="hashstore-text"' in text
    assert "Nobody asked in th" in text
    assert "last import" in text.lower()
