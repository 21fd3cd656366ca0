"""The live page in a real browser: from MISP's socket to a row, in step with what a person can read."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from watchfloor.store.keys import LIVE
from watchfloor.testing import FeedMaker, FeedUnderTest, SiteMaker, until
from watchfloor.web.server import serving
from watchfloor.worker.loop import Worker
from watchfloor_activity.filters import parse, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    OpenPage = Callable[..., Page]

AGREED = json.loads((Path(__file__).parents[1] / "activity" / "agreed.json").read_text(encoding="utf-8"))
CARD = "#panel-activity-attributes"
HISTORY = 400


@dataclass
class Live:
    """A site from the socket to the page."""

    feed: FeedUnderTest
    url: str
    sent: int = 0
    last: str = ""

    def share(self, *values: str, org: str = "Example CERT", info: str = "Phishing", **fields: Any) -> None:
        """Publish attributes as MISP does when they are added."""
        for value in values:
            self.feed.send("misp_json_attribute", self.body(value, org, info, fields))
            self.sent, self.last = self.sent + 1, value

    def body(self, value: str, org: str, info: str, fields: dict[str, Any]) -> dict[str, Any]:
        attribute = {
            "id": str(self.sent + 1), "event_id": "7", "category": "Network activity", "type": "domain",
            "value": value, "to_ids": True, "uuid": str(uuid.uuid4()), "timestamp": str(int(time.time())),
            "distribution": "5", "comment": "", "deleted": False, "Tag": [], **fields,
        }  # fmt: skip
        told = {"id": "7", "info": info, "uuid": "11111111-1111-4111-8111-111111111111", "org_id": "1",
                "orgc_id": "2", "distribution": "3", "Orgc": {"id": "2", "name": org}}  # fmt: skip
        return {"Attribute": attribute, "Event": told, "action": "add"}

    def arrived(self) -> None:
        """Wait until the last that was published is in the history."""
        redis, key = self.feed.site.redis, LIVE(plugin="activity", channel="attributes")

        def newest() -> bytes:
            return b"".join(fields[b"d"] for _, fields in redis.xrevrange(key, count=1))

        until(lambda: f'"{self.last}"'.encode() in newest(), f"the arrival of {self.last}")


@pytest.fixture
def site(make_feed: FeedMaker) -> Iterator[FeedUnderTest]:
    """A feed whose messages are worked off as they come."""
    live = {"burst": 100_000, "history": HISTORY, "queue": 100_000}
    feed = make_feed(plugins={"activity": {}}, live=live)
    stop = threading.Event()
    worker = threading.Thread(target=Worker(feed.site.site, feed.site.url).run, args=(stop,))
    worker.start()
    yield feed
    stop.set()
    worker.join()


@pytest.fixture
def live(site: FeedUnderTest) -> Iterator[Live]:
    with serving(site.site.site, site.site.url) as url:
        yield Live(site, url)


def opened(open_page: OpenPage, live: Live, query: str = "", **options: Any) -> Page:
    """The live page, once it follows the stream."""
    page = open_page(f"{live.url}/{query}", **options)
    expect(page.locator("#connection")).to_have_text("live")
    return page


def rows(page: Page) -> Locator:
    return page.locator(f"{CARD} tbody tr")


def values(page: Page) -> list[str]:
    """The values of the rows, newest first, as they are."""
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('{CARD} tbody tr')].map((row) => JSON.parse(row.dataset.item).value)"
    )
    return found


def numbered(first: int, last: int) -> list[str]:
    """Values from one number to another, in order of arrival."""
    return [f"n{i}.example" for i in range(first, last + 1)]


def shows(page: Page, expected: list[str]) -> None:
    """Wait until the rows are these, given in order of arrival."""
    until(lambda: values(page) == expected[::-1], f"rows up to {expected[-1:]}")


def about(page: Page) -> Locator:
    return page.locator(f"{CARD} .about")


def test_a_message_on_the_socket_is_a_row_within_a_second(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live)
    began = time.monotonic()
    live.share("evil.example", Tag=[{"id": "1", "name": "tlp:green", "colour": "#33ff00"}])
    expect(rows(page)).to_have_count(1, timeout=1000)
    assert time.monotonic() - began < 1
    row = rows(page).first
    for text in ("evil[.]example", "Network activity", "domain", "Phishing", "Example CERT", "tlp:green"):
        expect(row).to_contain_text(text)
    expect(about(page)).to_contain_text("all shown")


def test_the_first_paint_has_the_rows_without_javascript(live: Live, open_page: OpenPage) -> None:
    live.share(*numbered(1, 80))
    live.arrived()
    page = open_page(live.url, java_script_enabled=False)
    expect(rows(page)).to_have_count(30)
    expect(rows(page).first).to_contain_text("n80[.]example")
    page.get_by_role("link", name="Older attributes").click()
    expect(rows(page).first).to_contain_text("n50[.]example")
    page.get_by_role("searchbox", name="Filter").fill("n7*")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(11)
    assert "q=n7" in page.url


def test_the_filter_decides_on_what_is_there_and_on_what_comes(live: Live, open_page: OpenPage) -> None:
    live.share("a.example", org="A")
    live.share("b.example", org="B")
    live.arrived()
    page = opened(open_page, live)
    box = page.get_by_role("searchbox", name="Filter")
    box.fill("org:A OR value*9")
    box.press("Enter")
    shows(page, ["a.example"])
    live.share("c.example", org="A")
    live.share("d.example", org="B")
    live.share("value-9.example", org="B")
    shows(page, ["a.example", "c.example", "value-9.example"])
    expect(about(page)).to_contain_text("match")
    assert "q=org%3AA+OR+value*9" in page.url
    page.reload()
    shows(page, ["a.example", "c.example", "value-9.example"])


def test_a_filter_that_makes_no_sense_is_explained_at_the_box(live: Live, open_page: OpenPage) -> None:
    live.share("a.example")
    live.arrived()
    page = opened(open_page, live)
    box = page.get_by_role("searchbox", name="Filter")
    box.fill("(org:A")
    box.press("Enter")
    expect(page.locator(f"{CARD} [role=alert]")).to_have_text(
        "At character 1: this '(' is not closed; add a ')'."
    )
    shows(page, ["a.example"])
    box.fill("")
    box.press("Enter")
    expect(page.locator(f"{CARD} [role=alert]")).to_be_hidden()


def test_a_click_on_a_cell_narrows_the_filter(live: Live, open_page: OpenPage) -> None:
    live.share("a.example", org='Say "A" *', type="hostname")
    live.share("b.example", org="B", type="hostname")
    live.arrived()
    page = opened(open_page, live)
    rows(page).last.get_by_text("Say").click()
    shows(page, ["a.example"])
    expect(page.get_by_role("searchbox", name="Filter")).to_have_value(r'org:"Say \"A\" \*"')
    rows(page).first.get_by_text("hostname").click()
    expect(page.get_by_role("searchbox", name="Filter")).to_have_value(r'org:"Say \"A\" \*" type:"hostname"')


def test_pausing_counts_and_following_again_shows_all_of_it_once(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live)
    live.share(*numbered(1, 5))
    shows(page, numbered(1, 5))
    page.locator("#main").press("p")
    expect(page.get_by_role("button", name="Follow")).to_be_visible()
    live.share(*numbered(6, 45))
    expect(about(page)).to_have_text("paused · 40 came meanwhile")
    assert values(page) == numbered(1, 5)[::-1]
    page.locator("#main").press("p")
    shows(page, numbered(1, 45))


def test_a_long_pause_is_made_up_from_the_history(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live)
    live.share(*numbered(1, 3))
    shows(page, numbered(1, 3))
    page.get_by_role("button", name="Pause").click()
    live.share(*numbered(4, 350))
    expect(about(page)).to_have_text("paused · more than 300 came meanwhile")
    page.get_by_role("button", name="Follow").click()
    expect(rows(page).first).to_contain_text("n350[.]")
    down(page, 350)
    shows(page, numbered(1, 350))


def down(page: Page, count: int) -> None:
    """Scroll down until so many rows are there."""

    def at_the_end() -> bool:
        page.evaluate(f"document.querySelector('{CARD} .rows').scrollTop = 1e6")
        page.wait_for_timeout(20)
        return rows(page).count() >= count

    until(at_the_end, f"{count} rows")


def test_scrolling_down_pauses_and_goes_back_through_the_history(live: Live, open_page: OpenPage) -> None:
    live.share(*numbered(1, 250))
    live.arrived()
    page = opened(open_page, live)
    down(page, 250)
    shows(page, numbered(1, 250))
    expect(page.locator(f"{CARD} .end")).to_be_visible()
    live.share("late.example")
    expect(about(page)).to_have_text("paused · 1 came meanwhile")
    page.evaluate(f"document.querySelector('{CARD} .rows').scrollTop = 0")
    expect(rows(page).first).to_contain_text("late[.]example")


def test_columns_are_chosen_without_loading_and_kept_in_the_address(live: Live, open_page: OpenPage) -> None:
    live.share("a.example", comment="seen in the wild")
    live.arrived()
    page = opened(open_page, live)
    page.locator(".columns summary").click()
    page.get_by_label("Comment").check()
    page.get_by_label("Organisation").uncheck()
    expect(rows(page).first).to_contain_text("seen in the wild")
    live.share("b.example", comment="and again")
    expect(rows(page).first).to_contain_text("and again")
    expect(rows(page).first.locator("[data-column=org]")).to_be_hidden()
    assert "columns=time%2Ccategory%2Ctype%2Cvalue%2Cevent%2Ctags%2Ccomment" in page.url
    page.reload()
    expect(rows(page).first.locator("[data-column=comment]")).to_be_visible()
    expect(rows(page).first.locator("[data-column=org]")).to_be_hidden()


def test_a_value_is_copied_defanged_or_as_it_is_with_the_keyboard(live: Live, open_page: OpenPage) -> None:
    live.share("http://a.example/x.php", type="url")
    live.arrived()
    page = opened(open_page, live, permissions=["clipboard-read", "clipboard-write"])
    button = rows(page).first.get_by_role("button", name="Copy, filter, open")
    button.press("Enter")
    expect(page.get_by_role("button", name="Copy defanged")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"{CARD} .told")).to_have_text("Copied: hxxp://a[.]example/x.php")
    assert page.evaluate("navigator.clipboard.readText()") == "hxxp://a[.]example/x.php"
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"{CARD} .told")).to_contain_text("Copied as it is")
    assert page.evaluate("navigator.clipboard.readText()") == "http://a.example/x.php"


def test_the_rows_are_one_stop_of_tab_and_arrows_go_from_row_to_row(live: Live, open_page: OpenPage) -> None:
    for value in ("198.51.100.1", "198.51.100.2"):
        live.share(value)
    live.arrived()
    page = opened(open_page, live)
    expect(rows(page)).to_have_count(2)
    menus = rows(page).get_by_role("button", name="Copy, filter, open")
    page.locator(f"{CARD} .rows").focus()
    page.keyboard.press("ArrowDown")
    expect(menus.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(menus.last).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.stream')") is None
    menus.first.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(f"{CARD} .rows")).to_be_focused()


def test_the_menu_of_a_row_leads_to_misp(make_site: SiteMaker, open_page: OpenPage) -> None:
    feeds = [{"name": "main", "url": "tcp://127.0.0.1:1", "misp_url": "https://misp.example/x/"}]
    site = make_site(plugins={"activity": {}}, feeds=feeds)
    key = LIVE(plugin="activity", channel="attributes")
    site.redis.xadd(key, {"d": json.dumps({**AGREED["item"], "feed": "main"})})
    site.redis.xadd(key, {"d": json.dumps({**AGREED["item"], "feed": "other"})})
    with serving(site.site, site.url) as url:
        page = open_page(url)
        main, other = rows(page).last, rows(page).first
        main.get_by_role("button", name="Copy, filter, open").click()
        for what, name in (("attribute", AGREED["item"]["uuid"]), ("event", AGREED["item"]["event_uuid"])):
            expect(page.get_by_role("link", name=f"{what.capitalize()} in MISP")).to_have_attribute(
                "href", f"https://misp.example/x/{what}s/view/{name}"
            )
        page.keyboard.press("Escape")
        other.get_by_role("button", name="Copy, filter, open").click()
        expect(page.get_by_role("button", name="Copy defanged")).to_be_visible()
        expect(page.get_by_role("link", name="Attribute in MISP")).to_be_hidden()


def test_what_the_server_left_out_is_counted_beside_the_next_row(
    make_site: SiteMaker, open_page: OpenPage
) -> None:
    site = make_site(plugins={"activity": {}})
    key = LIVE(plugin="activity", channel="attributes")
    with serving(site.site, site.url) as url:
        page = open_page(url)
        expect(page.locator("#connection")).to_have_text("live")
        site.redis.xadd(key, {"d": json.dumps(AGREED["item"]), "skipped": "9300"})
        expect(rows(page).first.locator(".skipped")).to_have_text("+9,300")
        expect(about(page)).to_contain_text("the rest is counted")


def test_at_a_thousand_a_second_a_person_can_read_and_the_rest_is_counted(
    live: Live, open_page: OpenPage
) -> None:
    page = opened(open_page, live)
    page.wait_for_timeout(2500)  # what comes sooner after a connection is taken for what was missed
    page.evaluate(
        f"""() => {{
          window.added = 0;
          const count = (changes) => changes.forEach((one) => {{ window.added += one.addedNodes.length; }});
          new MutationObserver(count).observe(document.querySelector("{CARD} tbody"), {{ childList: true }});
        }}"""
    )
    began = time.monotonic()
    for number in range(0, 1500, 50):
        live.share(*numbered(number, number + 49))
        page.wait_for_timeout(30)
    expect(about(page)).to_contain_text("the rest is counted")
    until(lambda: page.evaluate(COUNTED) == 1500, "all 1,500 shown or counted")
    assert page.evaluate("window.added") <= 30 + 15 * (time.monotonic() - began)


COUNTED = f"""[...document.querySelectorAll('{CARD} tbody tr')].reduce((sum, row) => {{
  const more = row.querySelector(".skipped");
  return sum + 1 + (more.hidden ? 0 : Number(more.textContent.replace(/[+,]/g, "")));
}}, 0)"""


def test_a_tab_that_slept_shows_what_came_once_and_in_order(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live)
    live.share(*numbered(1, 3))
    shows(page, numbered(1, 3))
    hide(page, hidden=True)
    expect(page.locator("#connection")).to_have_text("paused")
    live.share(*numbered(4, 200))
    live.arrived()
    hide(page, hidden=False)
    expect(rows(page).first).to_contain_text("n200[.]")
    down(page, 200)
    shows(page, numbered(1, 200))
    assert page.locator("#notice").is_hidden()


def test_a_tab_that_slept_too_long_says_so_and_has_the_whole_history(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live)
    live.share(*numbered(1, 3))
    shows(page, numbered(1, 3))
    hide(page, hidden=True)
    live.share(*numbered(4, HISTORY + 100))
    live.arrived()
    hide(page, hidden=False)
    expect(page.locator("#notice")).to_contain_text("More came than this page could show")
    down(page, HISTORY)
    shows(page, numbered(101, HISTORY + 100))


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_restart_of_the_server_neither_loses_nor_repeats(site: FeedUnderTest, open_page: OpenPage) -> None:
    with serving(site.site.site, site.site.url) as url:
        live = Live(site, url)
        page = opened(open_page, live)
        live.share(*numbered(1, 3))
        shows(page, numbered(1, 3))
    expect(page.locator("#connection")).to_have_text("connection lost, trying again")
    live.share(*numbered(4, 90))
    live.arrived()
    with serving(site.site.site, site.site.url, int(url.rpartition(":")[2])):
        expect(rows(page).first).to_contain_text("n90[.]")
        live.share("last.example")
        expect(rows(page).first).to_contain_text("last[.]")
        down(page, 91)
        shows(page, [*numbered(1, 90), "last.example"])


def test_those_who_listen_hear_a_summary(live: Live, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.clock.install()
    page.goto(live.url)
    expect(page.locator("#connection")).to_have_text("live")
    live.share("a.example")
    live.arrived()

    def ticked() -> bool:
        page.clock.run_for(250)
        return rows(page).count() == 1

    until(ticked, "the row")
    page.clock.run_for(10_000)
    expect(page.locator("#announcer")).to_contain_text("1 attribute in ten seconds")


def test_browsers_and_the_server_agree_on_filters_and_defanging(live: Live, open_page: OpenPage) -> None:
    page = open_page(live.url)
    trees = [parse(text).plain for text, _ in AGREED["filters"]]
    found = page.evaluate(
        """async ([trees, item, values]) => {
          const { matches, quoted } = await import("/static/activity/filter.js");
          const { defang } = await import("/static/activity/defang.js");
          return {
            matched: trees.map((tree) => matches(tree, item)),
            defanged: values.map(([value, kind]) => defang(value, kind)),
            quoted: values.map(([value]) => quoted(value)),
          };
        }""",
        [trees, AGREED["item"], AGREED["defanged"]],
    )
    assert found["matched"] == [expected for _, expected in AGREED["filters"]]
    assert found["defanged"] == [expected for _, _, expected in AGREED["defanged"]]
    assert found["quoted"] == [quoted(value) for value, _, _ in AGREED["defanged"]]


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>\u202e' + "W" * 300


def test_hostile_texts_stay_texts_live_as_well(live: Live, open_page: OpenPage) -> None:
    page = opened(open_page, live, viewport={"width": 360, "height": 740})
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    tag = {"id": "9", "name": HOSTILE, "colour": "red;}"}
    fields = {"category": HOSTILE, "type": HOSTILE, "comment": HOSTILE, "Tag": [tag]}
    live.share(HOSTILE, org=HOSTILE, info=HOSTILE, **fields)
    expect(rows(page)).to_have_count(1)
    rows(page).first.get_by_role("button", name="Copy, filter, open").click()
    expect(page.get_by_role("button", name="Copy defanged")).to_be_visible()
    assert page.evaluate(f"document.querySelectorAll('{CARD} :is(img, script)').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert dialogs == []
