"""The pages in a real browser: first paint, live, reconnecting, small screens, the keyboard."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import FEED_STATS
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from watchfloor.testing import SiteUnderTest

    class Tally:
        site: SiteUnderTest
        count: int

        def add(self, items: int = 1) -> None: ...
        def announce(self, number: int) -> None: ...

    OpenPage = Callable[..., Page]


@pytest.fixture
def url(tally: Tally) -> Iterator[str]:
    with serving(tally.site.site, tally.site.url) as url:
        yield url


def live(page: Page) -> None:
    """Wait until the page follows the stream."""
    expect(page.locator("#connection")).to_have_text("live")


def numbers(*found: int) -> list[str]:
    return [str(number) for number in found]


def test_the_numbers_are_there_without_javascript(tally: Tally, url: str, open_page: OpenPage) -> None:
    tally.add(7)
    page = open_page(url, java_script_enabled=False)
    assert page.locator("#total").inner_text() == "7"
    assert page.get_by_role("heading", name="Total <i>").is_visible()
    assert page.locator("#connection").inner_text().startswith("as of ")


def test_an_item_changes_the_page_within_a_second(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    live(page)
    tally.add(3)
    began = time.monotonic()
    expect(page.locator("#total")).not_to_have_text("0", timeout=1000)
    assert time.monotonic() - began < 1
    expect(page.locator("#total")).to_have_text("3")
    expect(page.locator("#seen li")).to_have_text(numbers(1, 2, 3))


def test_a_page_neither_loses_nor_repeats_items_when_the_server_restarts(
    tally: Tally, open_page: OpenPage
) -> None:
    site, port = tally.site, 0
    tally.add(2)
    with serving(site.site, site.url) as url:
        port = int(url.rpartition(":")[2])
        page = open_page(f"{url}/tally/")
        tally.add(2)
        expect(page.locator("#seen li")).to_have_text(numbers(3, 4))
    expect(page.locator("#connection")).to_have_text("connection lost, trying again")
    tally.add(2)
    with serving(site.site, site.url, port):
        expect(page.locator("#seen li")).to_have_text(numbers(3, 4, 5, 6))
        live(page)
        tally.add(1)
        expect(page.locator("#seen li")).to_have_text(numbers(3, 4, 5, 6, 7))
    assert page.locator("#notice").is_hidden()


def test_a_page_that_missed_more_than_is_kept_says_so_and_catches_up(
    tally: Tally, open_page: OpenPage
) -> None:
    site = tally.site
    with serving(site.site, site.url) as url:
        page = open_page(url)
        live(page)
        port = int(url.rpartition(":")[2])
    expect(page.locator("#connection")).to_have_text("connection lost, trying again")
    tally.add(60)
    with serving(site.site, site.url, port):
        expect(page.locator("#notice")).to_contain_text("numbers were brought up to date")
        expect(page.locator("#total")).to_have_text("60")
        expect(page.locator("#panel-tally-scripted")).to_contain_text("since 60")


def test_a_list_of_the_latest_begins_with_what_was_before(
    tally: Tally, url: str, open_page: OpenPage
) -> None:
    for number in (1, 2, 3):
        tally.announce(number)
    page = open_page(url)
    expect(page.locator("#latest li")).to_have_text(["2 (old)", "3 (old)"])
    tally.announce(4)
    expect(page.locator("#latest li")).to_have_text(["2 (old)", "3 (old)", "4"])


def test_a_feed_that_comes_alive_turns_its_light(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/status")
    light = page.locator('header [data-feed="misp-main"] .light')
    expect(light).to_have_attribute("data-state", "unknown")
    now = time.time()
    told = {"connection": "connected", "listening": now, "since": now, "last_seen": now, "messages": 9,
            "received:misp_json": 9}  # fmt: skip
    tally.site.redis.hset(FEED_STATS(feed="misp-main"), mapping=told)
    expect(light).to_have_attribute("data-state", "alive")
    expect(page.locator("#panel-watchfloor-feeds")).to_contain_text("misp_json")


def test_a_page_fills_itself_when_redis_comes(tally: Tally, open_page: OpenPage, tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "late") as server:
        server.stop()
        with serving(tally.site.site, server.url) as url:
            page = open_page(url)
            expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
            server.start()
            expect(page.locator("#total")).to_have_text("0")
            expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_nobody_looks_at_gives_its_connection_back(
    tally: Tally, url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{url}/tally/")
    live(page)
    hide(page, hidden=True)
    expect(page.locator("#connection")).to_have_text("paused")
    tally.add(2)
    hide(page, hidden=False)
    live(page)
    expect(page.locator("#seen li")).to_have_text(numbers(1, 2))


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_small_screen_needs_no_sideways_scrolling(url: str, open_page: OpenPage, scheme: Any) -> None:
    page = open_page(url, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_the_content_first(url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
