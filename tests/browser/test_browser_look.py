"""How the pages look: themes, widths, motion, paper, zones; and that they are whole without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    OpenPage = Callable[..., Page]

PAGES = ("/", "/trendings/", "/status", "/nowhere", "/trendings/?from=2026-11-01T10:00&to=2026-11-02T11:30")
BACKGROUNDS = {"dark": "rgb(11, 18, 32)", "light": "rgb(243, 246, 251)", "contrast": "rgb(0, 0, 0)"}
AWAITED = """() => performance.getEntriesByType("resource")
  .filter((one) => one.renderBlockingStatus === "blocking")
  .map((one) => [one.name, one.initiatorType, one.encodedBodySize])"""
FONTS = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
  .filter((rule) => rule instanceof CSSFontFaceRule).map((rule) => rule.style.fontDisplay)"""
NUMBER = re.compile(r">\s*\d[\d,]*\s*<")


@pytest.fixture
def url(busy: str) -> str:
    return busy


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def on_systems(page: Page) -> list[str]:
    """The background on a dark and on a light system, and on one that wants more contrast."""
    found = []
    systems: tuple[dict[str, Any], ...] = (
        {"color_scheme": "dark", "contrast": "no-preference"},
        {"color_scheme": "light", "contrast": "no-preference"},
        {"color_scheme": "light", "contrast": "more"},
    )
    for system in systems:
        page.emulate_media(**system)
        found.append(background(page))
    return found


def test_the_theme_is_the_systems_unless_the_address_names_one(url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    assert on_systems(page) == [BACKGROUNDS[theme] for theme in ("dark", "light", "contrast")]
    for theme, colour in BACKGROUNDS.items():
        page.goto(f"{url}/?theme={theme}")
        assert on_systems(page) == [colour] * 3


@pytest.mark.parametrize("width", [360, 390, 820, 1280, 3840])
def test_no_page_scrolls_sideways(url: str, open_page: OpenPage, width: int) -> None:
    page = open_page("about:blank", viewport={"width": width, "height": 900})
    for path in PAGES:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.evaluate("for (const menu of document.querySelectorAll('details')) menu.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path}, with menus open"


def test_type_grows_on_a_wall(url: str, open_page: OpenPage) -> None:
    sizes, page = [], open_page("about:blank")
    for width in (360, 1920, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))
    assert sizes[:2] == [14, 14]
    assert 17 <= sizes[2] <= 20


def test_cards_fill_their_rows_at_one_height(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/trendings/", viewport={"width": 1920, "height": 1080})
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".card")].map((card) => {
          const { top, bottom, right } = card.getBoundingClientRect();
          return [Math.round(top), Math.round(bottom), Math.round(right)];
        })"""
    )
    edge = page.evaluate("Math.round(document.querySelector('.cards').getBoundingClientRect().right)")
    rows: dict[int, list[tuple[int, int]]] = {}
    for top, bottom, right in boxes:
        rows.setdefault(top, []).append((bottom, right))
    assert len(rows) > 1
    for cards in rows.values():
        assert len({bottom for bottom, _ in cards}) == 1
        assert abs(max(right for _, right in cards) - edge) <= 1


def test_without_motion_nothing_moves(url: str, open_page: OpenPage) -> None:
    moving = """() => [...document.querySelectorAll("*")].flatMap((part) => {
      const style = getComputedStyle(part);
      const durations = `${style.animationDuration},${style.transitionDuration}`.split(",");
      return durations.some((duration) => parseFloat(duration) > 0) ? [part.tagName] : [];
    })"""
    page = open_page(f"{url}/trendings/", reduced_motion="reduce")
    page.evaluate("document.querySelector('.card').dataset.loading = ''")
    assert page.evaluate(moving) == []
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.card'), '::before').animationDuration")
        == "0s"
    )
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) != []


def test_paper_is_light_and_has_no_controls(url: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.emulate_media(media="print")
    for theme in BACKGROUNDS:
        page.goto(f"{url}/trendings/?theme={theme}")
        assert page.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(20, 32, 51)"
        for control in (".menu", ".pages", "#connection", "dialog", ".skip"):
            assert page.locator(control).first.is_hidden(), control
        assert page.evaluate("getComputedStyle(document.querySelector('.card')).breakInside") == "avoid"
        expect(page.locator(".printed")).to_contain_text("Printed from /trendings/")


def test_colours_that_the_system_forces_leave_the_lights_apart(url: str, open_page: OpenPage) -> None:
    page = open_page(url, forced_colors="active")
    lights = page.locator("header .light")
    shapes = [lights.nth(i).evaluate("(light) => getComputedStyle(light).clipPath") for i in range(2)]
    assert shapes[0] != shapes[1]


def test_feeds_have_their_states_in_words(url: str, open_page: OpenPage) -> None:
    page = open_page(url, java_script_enabled=False)
    pills = page.locator("header .lights .pill")
    expect(pills).to_have_count(2)
    assert "alive" in pills.nth(0).inner_text()
    assert "quiet 3 min" in pills.nth(1).inner_text()
    expect(page.locator(".demo")).to_have_text("DEMO DATA")


def test_without_a_script_every_link_and_form_works(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/trendings/?theme=light", java_script_enabled=False)
    page.locator("details.range summary").click()
    page.get_by_role("link", name="30 days").click()
    assert page.url == f"{url}/trendings/?theme=light&last=30d"
    page.locator("details.range summary").click()
    page.locator("[name=from]").fill("2026-11-03T04:05")
    page.locator("[name=to]").fill("2026-11-04T06:07")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("details.range summary")).to_contain_text("3 November 2026 04:05 to 4 November 2026")
    page.locator("details.range summary").click()
    page.get_by_role("link", name="Follow now").click()
    assert page.url == f"{url}/trendings/?theme=light"
    page.get_by_role("link", name="Help").click()
    expect(page.locator("#help")).to_be_visible()
    page.locator("#help [data-close]").click()
    expect(page.locator("#help")).to_be_hidden()


def test_the_zone_is_named_and_can_be_changed(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/trendings/", timezone_id="America/New_York")
    clock = page.locator("details.clock summary")
    expect(clock).to_contain_text("UTC")
    clock.click()
    page.get_by_role("link", name="America/New_York").click()
    page.wait_for_url("**/trendings/?tz=America%2FNew_York")
    expect(clock).to_contain_text(re.compile("E[SD]T"))
    expect(page.locator("footer")).to_contain_text("Times are in America/New_York; days are cut in UTC.")
    shown, here = page.evaluate(
        "[document.getElementById('clock').textContent, new Date().toLocaleTimeString('en-GB')]"
    )
    assert re.fullmatch(r"\d\d:\d\d:\d\d", shown)
    assert shown[:2] == here[:2] or here[3:5] in ("00", "59")


@pytest.mark.parametrize("path", ["/", "/trendings/"])
def test_the_first_paint_waits_for_a_few_small_style_sheets_alone(
    url: str, open_page: OpenPage, path: str
) -> None:
    """How early that makes it is measured in benchmarks/."""
    page = open_page(url + path)
    assert len(NUMBER.findall(page.request.get(url + path).text().partition("<main")[2])) > 100
    assert set(page.evaluate("[...document.scripts].map((script) => script.src && script.type)")) == {
        "module"
    }
    names, kinds, sizes = zip(*page.evaluate(AWAITED), strict=True)
    assert [name for name in names if not name.startswith(f"{url}/static/")] == []
    assert set(kinds) == {"link"}
    assert len(sizes) <= 12
    assert 0 < sum(sizes) <= 15_000
    assert set(page.evaluate(FONTS)) == {"swap"}


def test_fonts_and_symbols_come_from_here(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/status")
    page.evaluate("document.fonts.ready.then(() => true)")
    fonts = page.evaluate("[...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)")
    assert {"Inter", "JetBrains Mono"} <= {font.strip('"') for font in fonts}
    sprite = page.evaluate("document.querySelector('header use').href.baseVal.split('#')[0]")
    symbols = page.evaluate("(url) => fetch(url).then((answer) => answer.text())", sprite)
    ids = set(re.findall(r'<symbol id="(\w+)" viewBox="0 0 24 24">', symbols))
    used = page.evaluate("[...document.querySelectorAll('use')].map((use) => use.href.baseVal.split('#')[1])")
    assert set(used) <= ids
    size = page.evaluate("document.querySelector('header use').getBoundingClientRect().width")
    assert size > 5
