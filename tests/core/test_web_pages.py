"""The core's pages, with the plugins that come with it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import (
    DEMO,
    FAILURE_COUNTS,
    FEED_STATS,
    FEEDS,
    LEASE,
    STREAM,
    WORKER_STATS,
)
from watchfloor.web.app import create_app
from watchfloor.web.headers import HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

FEED = {"name": "misp-main", "url": "tcp://192.0.2.1:50000"}


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site({"trendings": {}}, feeds=[FEED])


@pytest.fixture
def browser(site: SiteUnderTest) -> Iterator[TestClient]:
    with TestClient(site.app(), raise_server_exceptions=False) as client:
        yield client


def alive(site: SiteUnderTest, **fields: Any) -> None:
    """The feed's statistics as the subscriber keeps them."""
    now = time.time()
    told = {"connection": "connected", "listening": now, "since": now - 60, "last_seen": now, **fields}
    site.redis.hset(FEED_STATS(feed="misp-main"), mapping=told)


def text_of(html: str) -> str:
    """What a person reads: without tags, white space as one space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_an_empty_site_says_what_to_do(browser: TestClient) -> None:
    text = text_of(browser.get("/status").text)
    assert "Nobody has listened to this feed yet" in text
    assert "Plugin.ZeroMQ_enable" in text
    assert "No worker is at work" in text
    assert "watchfloor work" in text


def test_a_site_without_feeds_says_how_to_name_one(make_site: SiteMaker) -> None:
    with TestClient(make_site().app()) as browser:
        text = text_of(browser.get("/status").text)
    assert "No feed is configured" in text
    assert "watchfloor plugins tells which are installed" not in text


def test_the_status_shows_the_numbers(site: SiteUnderTest, browser: TestClient) -> None:
    alive(site, messages=12345, **{"received:misp_json": 45, "received:misp_json_attribute": 12300})
    site.redis.hset(WORKER_STATS(), mapping={"messages": 12345, "activities:AttributeShared": 4321})
    site.redis.hset(FAILURE_COUNTS(), mapping={"hello:handler": 2, "core:undecodable": 1})
    site.redis.set(LEASE(name="worker"), "host:1:x")
    text = text_of(browser.get("/status").text)
    assert "misp-main alive" in text
    assert "misp_json_attribute 12,300 misp_json 45" in text
    assert "At work and up to date" in text
    assert "attribute shared 4,321" in text
    assert "failures 3" in text
    assert "watchfloor failures shows it" in text


def test_a_worker_that_is_behind_is_told(site: SiteUnderTest, browser: TestClient) -> None:
    site.redis.set(LEASE(name="worker"), "host:1:x")
    site.redis.sadd(FEEDS(), "replay")
    received = int((time.time() - 90) * 1000)
    site.redis.execute_command("XADD", STREAM(feed="replay"), f"{received}-0", "m", "misp_json {}")
    assert "Behind by 90 s" in text_of(browser.get("/status").text)


def test_what_a_feed_could_not_be_given_is_told(site: SiteUnderTest, browser: TestClient) -> None:
    alive(site, messages=1, spool=7, refused=2, dropped=1, **{"received:misp_json": 1})
    text = text_of(browser.get("/status").text)
    assert "7 messages wait on disk" in text
    assert "2 messages were larger than the feed's max_message" in text
    assert "1 messages were lost" in text


def test_a_silent_feed_tells_when_it_was_heard_last(site: SiteUnderTest, browser: TestClient) -> None:
    alive(site, last_seen=time.time() - 3 * 3600, since=time.time() - 4 * 3600)
    html = browser.get("/status").text
    assert 'data-state="silent"' in html
    assert "Its last message came 3 h ago." in text_of(html)


def test_demo_data_is_marked_on_every_page(site: SiteUnderTest, browser: TestClient) -> None:
    assert "DEMO DATA" not in browser.get("/").text
    site.redis.set(DEMO(), "1")
    for path in ("/", "/trendings/", "/nowhere", "/?last=x"):
        assert "DEMO DATA" in browser.get(path).text, path


def test_pages_of_plugins_are_in_the_shell(browser: TestClient) -> None:
    html = browser.get("/trendings/?last=30d").text
    assert "<title>Trendings · Watchfloor</title>" in html
    assert '<a href="/trendings/?last=30d" aria-current="page" data-key="g t">Trendings</a>' in html
    assert "the last 30 days" in html


def test_a_range_that_makes_no_sense_is_explained(browser: TestClient) -> None:
    for path in ("/", "/trendings/", "/panel/trendings/tags"):
        answer = browser.get(path, params={"last": "<b>"})
        assert answer.status_code == 400
        assert "such as last=48h or last=7d, not &#39;&lt;b&gt;&#39;" in answer.text


def test_a_panel_can_be_asked_for_alone(browser: TestClient) -> None:
    answer = browser.get("/panel/trendings/tags?last=1d")
    assert answer.text.startswith('<section class="card small" id="panel-trendings-tags"')
    assert 'data-channel="trendings/tags"' in answer.text
    assert "today" in answer.text
    assert browser.get("/panel/trendings/nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["/nowhere", "/trendings/nowhere", "/static/nothing.css", "/static/../app.py"]
)
def test_what_is_not_there_is_said_in_the_shell(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "There is no such page." in answer.text
    assert "<nav" in answer.text


def test_a_method_that_is_not_taken_is_said_in_the_shell(browser: TestClient) -> None:
    answer = browser.post("/")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "<nav" in answer.text


@pytest.mark.parametrize("path", ["/", "/trendings/", "/health", "/nowhere", "/static/js/live.js", "/live"])
def test_every_answer_carries_the_security_headers(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_pages_hold_no_inline_script_or_style_and_ask_no_other_host(browser: TestClient) -> None:
    for path in ("/", "/trendings/", "/nowhere"):
        html = browser.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html), path
        assert not re.search(r"""(?:src|href|action)=["']?(?:\w+:)?//""", html), path


def test_a_page_that_there_is_not_keeps_what_the_address_asks_for(browser: TestClient) -> None:
    html = browser.get("/nowhere?theme=light&tz=Asia/Tokyo").text
    assert '<html lang="en" data-theme="light">' in html
    assert 'href="/?theme=light&amp;tz=Asia%2FTokyo">To the live page</a>' in html


def test_static_files_are_kept_by_their_content(browser: TestClient) -> None:
    found = re.search(r'href="(/static/css/base\.css\?v=\w+)"', browser.get("/").text)
    assert found
    assert browser.get(found[1]).headers["cache-control"] == "public, max-age=31536000, immutable"
    bare = browser.get("/static/css/base.css")
    assert bare.headers["cache-control"] == "no-cache"
    again = browser.get("/static/css/base.css", headers={"if-none-match": bare.headers["etag"]})
    assert again.status_code == 304


def test_health_is_answered(browser: TestClient) -> None:
    assert browser.get("/health").json() == {"status": "ok"}


def test_pages_are_answered_while_redis_is_away(make_site: SiteMaker, tmp_path: Path) -> None:
    site = make_site({"trendings": {}}, feeds=[FEED]).site
    with EmbeddedServer(tmp_path / "away") as server, TestClient(create_app(site, server.url)) as browser:
        assert browser.get("/").status_code == 200
        server.stop()
        for path in ("/", "/trendings/", "/nowhere"):
            html = browser.get(path).text
            assert "cannot be reached" in html
            assert 'data-state="unknown"' in html
        assert "Redis does not answer" in browser.get("/panel/trendings/tags").text
        server.start()
        assert "cannot be reached" not in browser.get("/").text


def test_names_in_an_old_database_that_are_no_unicode_are_shown(
    site: SiteUnderTest, browser: TestClient
) -> None:
    day = datetime.now(UTC).strftime("%Y%m%d")
    site.redis.zincrby(f"TRENDINGS_EVENTS:{day}", 3, b"\xffold")
    site.redis.zincrby(f"TRENDINGS_TAGS:{day}", 3, b'{"id": "1", "name": "\\ud800old", "colour": "#000000"}')
    for path in ("/trendings/", "/panel/trendings/events", "/panel/trendings/tags"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "old" in answer.text
        assert "could not show" not in answer.text
