"""The states of a card: empty, stale, failed, being fetched; and what the viewer did to it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from watchfloor.testing import until
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Route

    from watchfloor.testing import SiteUnderTest

    class Tally:
        site: SiteUnderTest
        count: int

        def add(self, items: int = 1) -> None: ...

    OpenPage = Callable[..., Page]

TOTAL = "#panel-tally-total"


@pytest.fixture
def url(tally: Tally) -> Iterator[str]:
    with serving(tally.site.site, tally.site.url) as url:
        yield url


def ready(page: Page) -> None:
    expect(page.locator("#connection")).to_have_text("live")


def test_an_empty_card_says_why_and_links_to_what_mends_it(busy: str, open_page: OpenPage) -> None:
    page = open_page(f"{busy}/trendings/?from=2020-01-01&to=2020-01-02")
    card = page.locator("#panel-trendings-events")
    expect(card).to_have_attribute("data-state", "empty")
    expect(card).to_contain_text("Nothing in this range")
    fetched = page.request.get(busy + str(card.get_attribute("data-source"))).text()
    assert 'href="?last=365d"' in fetched
    card.get_by_role("link", name="Look at a year").click()
    expect(card).to_have_attribute("data-state", "ok")


def test_a_lost_connection_makes_the_numbers_stale_and_says_from_when_they_are(
    tally: Tally, open_page: OpenPage
) -> None:
    site = tally.site
    with serving(site.site, site.url) as url:
        page, port = open_page(url), int(url.rpartition(":")[2])
        ready(page)
        since = page.locator(f"{TOTAL} .fresh time").inner_text()
    line = page.locator(f"{TOTAL} .stale")
    expect(line).to_be_hidden()
    expect(line).to_have_text(f"Not updated since {since}: the connection is lost.", timeout=10_000)
    expect(page.locator(TOTAL)).to_have_attribute("data-stale", "")
    expect(page.locator("header .light")).to_have_attribute("data-state", "unknown")
    with serving(site.site, site.url, port):
        ready(page)
        expect(line).to_be_hidden()


def test_a_card_that_cannot_be_fetched_keeps_its_numbers_and_says_so(
    tally: Tally, url: str, open_page: OpenPage
) -> None:
    tally.add(2)
    page = open_page(url)
    ready(page)
    page.route("**/panel/tally/total**", lambda route: route.fulfill(status=503))
    tally.add()
    expect(page.locator(f"{TOTAL} .stale")).to_contain_text("the server did not answer")
    expect(page.locator("#total")).to_have_text("2")
    page.unroute("**/panel/tally/total**")
    tally.add()
    expect(page.locator("#total")).to_have_text("4")
    expect(page.locator(f"{TOTAL} .stale")).to_be_hidden()


def test_a_failed_card_is_tried_again(tally: Tally, url: str, open_page: OpenPage) -> None:
    tally.site.redis.lpush("tally:total", "not a counter")
    page = open_page(url)
    card = page.locator(TOTAL)
    expect(card).to_have_attribute("data-state", "failed")
    expect(card).to_contain_text("Plugin 'tally' could not show this: ResponseError.")
    tally.site.redis.delete("tally:total")
    # For a second the failure is everybody's answer; nobody but the viewer asks for another one.
    source = url + str(card.get_attribute("data-source"))
    until(lambda: 'data-state="ok"' in page.request.get(source).text(), "another answer of the server")
    expect(card).to_have_attribute("data-state", "failed")
    card.get_by_role("link", name="Try again").click()
    expect(card).to_have_attribute("data-state", "ok")
    expect(page.locator("#total")).to_have_text("0")
    assert page.url == f"{url}/"


def test_a_card_that_is_fetched_for_long_shows_it(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    ready(page)
    held: list[Route] = []
    # Playwright takes no method of a list.
    page.route("**/panel/tally/total**", lambda route: held.append(route))  # noqa: PLW0108
    tally.add()
    expect(page.locator(TOTAL)).to_have_attribute("data-loading", "")
    expect(page.locator(TOTAL)).to_have_attribute("aria-busy", "true")
    until(lambda: held, "the request")
    held[0].continue_()
    expect(page.locator("#total")).to_have_text("1")
    expect(page.locator(TOTAL)).not_to_have_attribute("data-loading", "")


def test_a_card_brings_its_state_and_time_up_to_date(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    ready(page)
    before = page.locator(TOTAL).evaluate("(card) => ({ ...card.dataset })")
    tally.add()
    expect(page.locator("#total")).to_have_text("1")
    after = page.locator(TOTAL).evaluate("(card) => ({ ...card.dataset })")
    assert after["at"] > before["at"]
    assert after["position"] == "1-0"
    assert after["source"] == before["source"]


def test_what_is_open_focused_and_scrolled_stays_when_a_card_is_fetched(
    busy: str, open_page: OpenPage
) -> None:
    page = open_page(f"{busy}/status")
    ready(page)
    card = page.locator("#panel-watchfloor-worker")
    card.locator("summary").first.click()
    expect(card.locator("summary").first).to_be_focused()
    made = card.locator("table").element_handle()
    page.wait_for_function("(table) => !table.isConnected", arg=made, timeout=15_000)
    expect(card.locator("details").first).to_have_attribute("open", "")
    expect(card.locator("summary").first).to_be_focused()


def test_text_that_is_being_copied_is_not_replaced(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    ready(page)
    page.evaluate("document.getSelection().selectAllChildren(document.getElementById('total'))")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    tally.add()
    expect(page.locator("#seen li")).to_have_text(["1"])
    assert not [address for address in asked if "/panel/tally/total" in address]
    page.evaluate("document.getSelection().removeAllRanges()")
    expect(page.locator("#total")).to_have_text("1")


def test_a_script_may_keep_a_card_from_being_fetched(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    ready(page)
    page.evaluate(
        """() => document.addEventListener("watchfloor:refresh", (event) => {
          if (event.target.id === "panel-tally-total") event.preventDefault();
        })"""
    )
    tally.add()
    expect(page.locator("#seen li")).to_have_text(["1"])
    tally.add()
    expect(page.locator("#seen li")).to_have_text(["1", "2"])
    assert page.locator("#total").inner_text() == "0"


def test_cards_whose_range_follows_now_are_fetched_by_the_minute(busy: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.clock.install()
    page.goto(f"{busy}/trendings/?last=1h")
    ready(page)
    with page.expect_request("**/panel/trendings/events?last=1h"):
        page.clock.fast_forward(90_000)
    page.goto(f"{busy}/trendings/?from=2026-11-01&to=2026-11-02")
    ready(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(90_000)
    page.clock.fast_forward(90_000)
    assert not [address for address in asked if "/panel/" in address]


def test_a_light_counts_messages_over_time(busy: str, open_page: OpenPage) -> None:
    page = open_page(f"{busy}/status")
    ready(page)
    # Read where it is told: what the server tells of the feeds comes every few seconds.
    word = page.evaluate(
        """async () => {
          const { showLights } = await import("/static/js/lights.js");
          const feed = { name: "misp-main", state: "alive", words: "alive", text: "", messages: 100 };
          const at = Date.now() / 1000 + 1000;
          showLights({ at, feeds: [feed] });
          showLights({ at: at + 5, feeds: [{ ...feed, messages: 170 }] });
          return document.querySelector('[data-feed="misp-main"] .word').textContent;
        }"""
    )
    assert word == "14/s"


def test_what_arrives_is_said_in_summaries(tally: Tally, url: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.clock.install()
    page.goto(url)
    ready(page)
    say = """(text) => document.querySelector(".card").dispatchEvent(
      new CustomEvent("watchfloor:summary", { bubbles: true, detail: { text } }))"""
    region = page.locator("#announcer")
    for text in ("1 attribute.", "2 attributes.", "<b>3</b> attributes."):
        page.evaluate(say, text)
    expect(region).to_have_text("1 attribute.")
    assert region.get_attribute("aria-live") == "polite"
    page.clock.fast_forward(10_500)
    expect(region).to_have_text("<b>3</b> attributes.")
    page.clock.fast_forward(10_500)
    expect(region).to_have_text("<b>3</b> attributes.")
