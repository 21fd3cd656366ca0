"""Everything by the keyboard: menus, the help, the keys of the shell and those that a page adds."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    OpenPage = Callable[..., Page]


@pytest.fixture
def url(busy: str) -> str:
    return busy


def asked(page: Page) -> dict[str, list[str]]:
    """The parameters of the page's address."""
    return parse_qs(urlsplit(page.url).query)


def ready(page: Page) -> None:
    """Wait until the scripts run."""
    expect(page.locator("#connection")).to_have_text("live")


def open_ready(open_page: OpenPage, address: str) -> Page:
    page = open_page(address)
    ready(page)
    return page


def test_keys_lead_to_pages_and_keep_what_the_address_asks_for(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/?last=24h&tz=Asia/Tokyo&theme=light")
    page.keyboard.type("gt")
    page.wait_for_url("**/trendings/?*")
    assert asked(page) == {"last": ["24h"], "tz": ["Asia/Tokyo"], "theme": ["light"]}
    ready(page)
    page.keyboard.type("gh")
    page.wait_for_url("**/hashstore/?*")
    ready(page)
    page.keyboard.type("ge")
    page.wait_for_url("**/status?*")
    ready(page)
    page.keyboard.type("gl")
    page.wait_for_url(f"{url}/?*")


def test_keys_move_the_range_back_and_forth_and_follow_now(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/trendings/?from=2026-11-09&to=2026-11-15&theme=dark")
    page.keyboard.press("[")
    page.wait_for_url("**from=2026-11-02&to=2026-11-08**")
    ready(page)
    page.keyboard.press("]")
    page.wait_for_url("**from=2026-11-09&to=2026-11-15**")
    ready(page)
    page.keyboard.press("f")
    page.wait_for_url("**/trendings/?theme=dark")


def test_a_menu_opens_moves_and_closes_by_keys(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/trendings/?last=7d")
    page.keyboard.press("r")
    expect(page.get_by_role("link", name="7 days")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="30 days")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Show")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details.range")).not_to_have_attribute("open", "")
    expect(page.locator("details.range summary")).to_be_focused()
    page.keyboard.press("t")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**theme=contrast")


def test_one_menu_is_open_and_a_click_elsewhere_closes_it(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/trendings/")
    opened = page.locator("details.menu[open]")
    page.locator("details.range summary").click()
    page.locator(".card .menu summary").last.click()
    expect(opened).to_have_count(1)
    page.mouse.click(5, 500)
    expect(opened).to_have_count(0)


def test_the_help_lists_the_keys_and_gives_the_focus_back(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/trendings/")
    page.evaluate(
        """() => {
          const button = document.createElement("button");
          button.dataset.key = "x";
          button.title = "Do <b>it</b>";
          button.addEventListener("click", () => { button.textContent = "done"; });
          document.querySelector("main").append(button);
        }"""
    )
    page.get_by_role("link", name="Help").focus()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Help")
    expect(help_).to_be_visible()
    expect(help_).to_contain_text("Trendings")
    expect(help_.locator("#page-keys")).to_contain_text("Do <b>it</b>")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    expect(page.get_by_role("link", name="Help")).to_be_focused()
    assert page.locator("[data-key=x]").inner_text() == ""
    page.keyboard.press("x")
    expect(page.locator("[data-key=x]")).to_have_text("done")


@pytest.mark.parametrize("pressed", ["Control+t", "Alt+t", "Meta+t"])
def test_keys_with_others_are_the_browsers(url: str, open_page: OpenPage, pressed: str) -> None:
    page = open_ready(open_page, f"{url}/trendings/")
    page.keyboard.press(pressed)
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_keys_are_letters_while_somebody_types(url: str, open_page: OpenPage) -> None:
    page = open_ready(open_page, f"{url}/trendings/")
    page.keyboard.press("r")
    page.get_by_role("textbox", name="From").focus()
    page.keyboard.press("t")
    expect(page.locator("details.menu[open]")).to_have_count(1)
    expect(page.locator("details.range")).to_have_attribute("open", "")


# Of the rows of the Live page, which are one stop for Tab, arrow keys reach the menus.
USABLE = "a, button:not(tbody [data-act=menu]), input, select, textarea, summary, [tabindex='0']"
MARK = f"""() => [...document.querySelectorAll("{USABLE}")]
  .filter((part) => part.checkVisibility({{ visibilityProperty: true }}))
  .map((part, n) => {{ part.dataset.nth = n; return n; }})"""
LEFT = """(all) => all.map((n) => document.querySelector(`[data-nth="${n}"]`))
  .filter((part) => part?.checkVisibility({ visibilityProperty: true })).map((part) => part.outerHTML)"""
REACHED = """() => {
  const at = document.activeElement;
  return [Number(at.dataset.nth ?? -1), at === document.body ? "" : getComputedStyle(at).outlineStyle];
}"""


@pytest.mark.parametrize(
    "path", ["/", "/trendings/", "/trendings/?from=2020-01-01&to=2020-01-02", "/hashstore/", "/status"]
)
def test_everything_that_can_be_used_is_reached_by_tab_and_shows_it(
    url: str, open_page: OpenPage, path: str
) -> None:
    page = open_ready(open_page, url + path)
    expect(page.locator("[data-reading], figure.chart:not([data-drawn])")).to_have_count(0)
    missing = set(page.evaluate(MARK))
    assert len(missing) > 8
    for _ in range(2 * len(missing)):
        page.keyboard.press("Tab")
        nth, outline = page.evaluate(REACHED)
        assert outline != "none"
        missing.discard(nth)
        if not missing:
            break
    # What a card replaced by something newer, or took away, is not there to be reached.
    assert page.evaluate(LEFT, [*missing]) == []
