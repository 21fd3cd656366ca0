"""Every hop from MISP to the screen: what is told of it to people and to machines."""

from __future__ import annotations

import re
import sys
import time
from html import unescape
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import FAILURE_COUNTS, FEED_STATS, LEASE, STREAM, WORKER_STATS
from watchfloor.testing import until
from watchfloor.web import boundary, views, watchdog
from watchfloor.web.app import create_app
from watchfloor.web.errors import Errors
from watchfloor.web.health import checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

FEED = {"name": "misp-main", "url": "tcp://192.0.2.1:50000"}
PLUGIN = """
import asyncio
import time

from starlette.routing import Route

from watchfloor import Check, Column, Health, Panel, View, hookimpl

ANSWER = {"state": "ok", "text": "All is <b>well</b>."}


async def good(probe):
    await probe.redis.ping()
    return Health(ANSWER["state"], ANSWER["text"])

async def raises(probe):
    raise ZeroDivisionError("secret of the plugin")

async def hangs(probe):
    await asyncio.sleep(60)

async def hangs_in_a_thread(probe):
    await asyncio.to_thread(time.sleep, 0.6)

async def wrong(probe):
    return "well"

async def unheard(probe):
    return Health("splendid")

CHECKS = [Check("good", good, critical=True, meaning="What matters."), Check("raises", raises),
          Check("hangs", hangs), Check("thread", hangs_in_a_thread), Check("wrong", wrong),
          Check("unheard", unheard)]

@hookimpl
def health_checks():
    return CHECKS

async def broken(ask):
    raise KeyError("secret of the plugin")

async def late(ask):
    await asyncio.sleep(60)

async def blocks(ask):
    time.sleep(0.8)
    return View(rows=[("x",)])

async def undefined(ask):
    return View(rows=[("x",)])

@hookimpl
def panels():
    columns = (Column("what", "What"),)
    return [Panel("broken", "Broken", broken, columns=columns), Panel("late", "Late", late, columns=columns),
            Panel("blocks", "Blocks", blocks, columns=columns),
            Panel("template", "Template", undefined, columns=columns, template="undefined.html")]

async def fails(request):
    raise KeyError("secret of the plugin")

async def sleeps(request):
    await asyncio.sleep(60)

@hookimpl
def routes():
    return [Route("/fails", fails), Route("/sleeps", sleeps)]
"""
QUIET = PLUGIN.replace("return CHECKS", "return CHECKS[:1]")


@pytest.fixture
def rogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    for name, source in (("rogue", PLUGIN), ("quiet", QUIET)):
        (tmp_path / f"{name}_health" / "templates").mkdir(parents=True)
        (tmp_path / f"{name}_health" / "__init__.py").write_text(source)
        (tmp_path / f"{name}_health" / "templates" / "undefined.html").write_text("{{ no_such_variable }}")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {name: EntryPoint(name, f"{name}_health", "watchfloor.plugins") for name in ("rogue", "quiet")}
    for name in ("rogue_health", "quiet_health"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is cut off after a moment."""
    monkeypatch.setattr(checks, "SECONDS", 0.3)
    monkeypatch.setattr(views, "SECONDS", 1.0)
    monkeypatch.setattr(boundary, "SECONDS", 0.3)


@pytest.fixture
def site(make_site: SiteMaker, rogue: dict[str, EntryPoint]) -> SiteUnderTest:
    made = make_site({"quiet": {}}, rogue, feeds=[FEED])
    made.redis.set(LEASE(name="worker"), "host:1:x")
    alive(made)
    return made


def alive(site: SiteUnderTest, **fields: Any) -> None:
    """The feed's statistics as the subscriber keeps them."""
    now = time.time()
    told = {"connection": "connected", "listening": now, "since": now - 60, "last_seen": now, **fields}
    site.redis.hset(FEED_STATS(feed="misp-main"), mapping=told)


def ready(site: SiteUnderTest) -> tuple[int, dict[str, Any]]:
    """What a new web process answers under `/ready`: its status, and the checks by owner and name."""
    with TestClient(site.app()) as browser:
        answer = browser.get("/ready")
    told = answer.json()
    assert told["status"] == ("ready" if answer.status_code == 200 else "not ready")
    return answer.status_code, {f"{check['owner']}/{check['name']}": check for check in told["checks"]}


def text_of(html: str) -> str:
    """What a person reads: without tags, white space as one space."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def test_a_site_that_does_its_work_is_ready(site: SiteUnderTest) -> None:
    status, told = ready(site)
    assert status == 200
    assert list(told) == [
        "watchfloor/feed misp-main", "watchfloor/redis", "watchfloor/worker", "quiet/good",
        "watchfloor/live stream",
    ]  # fmt: skip
    assert {check["state"] for check in told.values()} == {"ok"}
    assert told["quiet/good"]["critical"] is True
    assert told["quiet/good"]["text"] == "All is <b>well</b>."
    assert 0 < told["watchfloor/redis"]["milliseconds"] < 2000


def test_without_a_worker_it_is_not(site: SiteUnderTest) -> None:
    site.redis.delete(LEASE(name="worker"))
    status, told = ready(site)
    assert (status, told["watchfloor/worker"]["state"]) == (503, "failing")
    assert "watchfloor work" in told["watchfloor/worker"]["text"]


@pytest.mark.parametrize(
    ("seconds", "state", "status"), [(0, "ok", 200), (20, "warning", 200), (90, "failing", 503)]
)
def test_a_worker_may_be_behind_but_not_far(
    site: SiteUnderTest, seconds: int, state: str, status: int
) -> None:
    received = int((time.time() - seconds) * 1000)
    site.redis.execute_command("XADD", STREAM(feed="misp-main"), f"{received}-0", "m", "misp_json {}")
    answered, told = ready(site)
    assert (answered, told["watchfloor/worker"]["state"]) == (status, state)


def test_a_feed_that_nobody_listens_to_is_our_failure(site: SiteUnderTest) -> None:
    alive(site, listening=time.time() - 60)
    status, told = ready(site)
    assert (status, told["watchfloor/feed misp-main"]["state"]) == (503, "failing")


def test_a_misp_that_does_not_answer_is_not(site: SiteUnderTest) -> None:
    alive(site, connection="unreachable")
    status, told = ready(site)
    assert (status, told["watchfloor/feed misp-main"]["state"]) == (200, "warning")


def test_a_critical_check_that_fails_is_enough(site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["quiet_health"].ANSWER, "state", "failing")
    status, told = ready(site)
    assert (status, told["quiet/good"]["state"]) == (503, "failing")


def test_what_a_check_does_costs_that_check_only(
    make_site: SiteMaker, rogue: dict[str, EntryPoint], caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site({"rogue": {}, "quiet": {}}, rogue)
    _, told = ready(site)
    for name, reason in {
        "raises": "ZeroDivisionError",
        "hangs": "took longer than 0.3 seconds",
        "thread": "took longer than 0.3 seconds",
        "wrong": "TypeError",
        "unheard": "ValueError",
    }.items():
        check = told[f"rogue/{name}"]
        assert check["state"] == "failing"
        match = re.fullmatch(rf"It could not tell: {reason}. The log says more under (\w+).", check["text"])
        assert match, check["text"]
        assert f"[{match[1]}] plugin 'rogue', check '{name}'" in caplog.text
    assert (told["rogue/good"]["state"], told["quiet/good"]["state"]) == ("ok", "ok")
    assert "secret" not in str(told)


def test_without_redis_that_is_what_is_told(
    make_site: SiteMaker, rogue: dict[str, EntryPoint], tmp_path: Path
) -> None:
    site = make_site({"quiet": {}}, rogue, feeds=[FEED]).site
    with EmbeddedServer(tmp_path / "away") as server, TestClient(create_app(site, server.url)) as browser:
        server.stop()
        answer = browser.get("/ready")
        assert answer.status_code == 503
        texts = {check["name"]: check["text"] for check in answer.json()["checks"]}
        assert "cannot be reached" in texts["redis"]
        assert texts["worker"] == texts["good"] == "Not known: Redis does not answer."
        assert "cannot be reached" in text_of(browser.get("/status").text)
        assert 'data-hop="watchfloor/redis"' in browser.get("/status").text
        assert browser.get("/health").json() == {"status": "ok"}


def test_the_health_page_says_every_hop_in_words(site: SiteUnderTest) -> None:
    site.redis.hset(WORKER_STATS(), mapping={"messages": 7, "activities:AttributeShared": 4321})
    site.redis.hset(FAILURE_COUNTS(), mapping={"quiet:handler": 2})
    with TestClient(site.app()) as browser:
        html = browser.get("/status").text
    text = text_of(html)
    assert "Feed misp-main ok Last message 0 s ago." in text
    assert "Redis ok It answers." in text
    assert "Worker ok At work and up to date." in text
    assert "quiet: good ok All is <b>well</b>. What matters." in text
    assert "Live stream ok 0 browsers follow what happens." in text
    assert "attribute shared 4,321" in text
    assert "2 messages could not be worked off: watchfloor failures list --plugin quiet shows them." in text
    assert html.count('data-channel="watchfloor/feeds"') == 4


def test_the_health_page_names_who_broke_and_the_others_go_on(
    make_site: SiteMaker, rogue: dict[str, EntryPoint], caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site({"rogue": {}, "quiet": {}}, rogue)
    with TestClient(site.app(), raise_server_exceptions=False) as browser:
        for _ in range(3):
            assert browser.get("/panel/rogue/broken").status_code == 200
        for path in ("panel/rogue/late", "panel/rogue/template", "rogue/fails", "rogue/sleeps", "ready"):
            browser.get(f"/{path}")
        html = browser.get("/status").text
        quiet = html.partition('data-plugin="quiet"')[2].partition("</article>")[0]
        assert "It has raised nothing since the web process began." in quiet
        told = {row["plugin"]: row for row in browser.get("/api/v1/panels/watchfloor/plugins").json()["rows"]}
    assert (told["quiet"]["state"], told["quiet"]["errors"]) == ("ok", 0)
    assert told["rogue"]["state"] == "failing"
    assert told["rogue"]["errors"] >= 12
    text = text_of(html.partition('data-plugin="rogue"')[2].partition("</article>")[0])
    assert "hangs: It could not tell: took longer than 0.3 seconds." in text
    assert re.search(r"check 'raises' ZeroDivisionError \d 0 s ago \w{8}", text)
    assert "and 1 more" in text
    assert "secret" not in html
    ids = set(re.findall(r"<code>(\w{8})</code>", html))
    assert ids <= {record.__dict__.get("error_id") for record in caplog.records}


def test_what_comes_again_and_again_is_logged_once_and_counted(
    make_site: SiteMaker, rogue: dict[str, EntryPoint], caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(make_site({"rogue": {}}, rogue).app()) as browser:
        pages = [browser.get("/panel/rogue/broken").text for _ in range(3)]
        rows = browser.get("/api/v1/panels/watchfloor/plugins").json()["rows"]
    assert len({re.search(r"<code>(\w{8})</code>", page)[1] for page in pages}) == 1  # type: ignore[index]
    assert len([record for record in caplog.records if "panel 'broken'" in record.getMessage()]) == 1
    assert rows[0]["errors"] == 3 + 5
    assert rows[0]["error_id"]


def test_errors_that_are_kept_are_bounded() -> None:
    errors = Errors()
    for number in range(500):
        errors.keep(KeyError("x"), "rogue", f"GET /rogue/{number}", "route")
    kept = errors.of("rogue")
    assert len(kept) == 200
    assert kept[0].where == "GET /rogue/499"
    assert errors.counts["rogue", "route"] == 500


def test_a_plugin_that_waits_without_await_is_named(
    make_site: SiteMaker, rogue: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(watchdog, "LATE", 0.3)
    monkeypatch.setattr(watchdog, "_TICK", 0.05)
    with TestClient(make_site({"quiet": {}}, rogue).app()) as browser:
        assert browser.get("/panel/quiet/blocks").status_code == 200

        def told() -> str:
            (row,) = browser.get("/api/v1/panels/watchfloor/plugins").json()["rows"]
            return str(row["error_id"] or "")

        error_id = until(told, "the name of who held up the pages")
        text = text_of(browser.get("/status").text)
    assert re.search(r"plugin 'quiet' holds up every page: __init__.py:\d+ in blocks", caplog.text)
    assert f"[{error_id}] plugin 'quiet', __init__.py:" in caplog.text
    assert re.search(
        r"__init__.py:\d+ in blocks held up every page for [01].\d seconds, waiting without", text
    )
