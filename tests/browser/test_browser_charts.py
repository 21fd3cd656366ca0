"""Charts in a real browser: drawn, read, selected, saved, kept current, and let go."""

from __future__ import annotations

import json
import struct
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from watchfloor.store.keys import LIVE, LIVE_LAST
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from watchfloor.testing import SiteMaker, SiteUnderTest

    OpenPage = Callable[..., Page]

PLUGIN = """
from datetime import UTC, timedelta

from starlette.routing import Route

from watchfloor import Channel, Chart, Column, Keys, Panel, View, hookimpl, page

BUMP = Keys("charted:bump", "string", "what every number grows by")
CHANNEL = Channel("changes")
NAMES = ["Network activity", "__proto__", "<img src=x onerror=alert(1)>"]
HOSTILE = ["<script>alert(1)</script>", "{a|b}", "\\u202eevil", "constructor", "x" * 900, "a" * 3]


async def hours(ask):
    bump = int(await ask.redis.get(BUMP()) or 0)
    hour = ask.since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = []
    while hour < ask.until:
        rows += [(hour, name, hour.hour + i + bump) for i, name in enumerate(NAMES)]
        hour += timedelta(hours=1)
    return View(rows=rows)


async def days(ask):
    return View(rows=[(day, name, day.day + i) for day in ask.days for i, name in enumerate(NAMES[1:])])


async def names(ask):
    return View(rows=[(name, 60 - 10 * i) for i, name in enumerate(HOSTILE)])


async def index(request):
    return await page(request, "Charted", ["charted/hours", "charted/days", "charted/names"])


COUNT = Column("count", "Attributes", "number")


@hookimpl
def redis_keys():
    return [BUMP]

@hookimpl
def live_channels():
    return [CHANNEL]

@hookimpl
def panels():
    by = Column("name", "Name")
    return [
        Panel("hours", "By hour", hours, columns=(Column("hour", "Hour", "time"), by, COUNT),
              chart=Chart("area", "hour", "count", "name"), channel=CHANNEL),
        Panel("days", "By day", days, columns=(Column("day", "Day", "day"), by, COUNT),
              chart=Chart("line", "day", "count", "name")),
        Panel("names", "By name", names, columns=(by, COUNT), chart=Chart("bars", "name", "count")),
    ]

@hookimpl
def routes():
    return [Route("/", index)]
"""
AUTUMN = "from=2026-10-25T00:00:00%2B02:00&to=2026-10-25T06:00:00%2B01:00"
SPRING = "from=2026-03-29T00:00:00%2B01:00&to=2026-03-29T06:00:00%2B02:00"
TOKYO = {"timezone_id": "Asia/Tokyo"}  # a browser elsewhere than the viewer's zone


@pytest.fixture
def site(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteUnderTest]:
    (tmp_path / "charted_plugin").mkdir()
    (tmp_path / "charted_plugin" / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = {"charted": EntryPoint("charted", "charted_plugin", "watchfloor.plugins")}
    yield make_site({"charted": {}}, points, timezone="Europe/Luxembourg")
    sys.modules.pop("charted_plugin", None)


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as url:
        yield f"{url}/charted/"


def bump(site: SiteUnderTest, number: int) -> None:
    """Let every number grow, and tell the browsers."""
    with site.redis.pipeline(transaction=True) as pipe:
        pipe.set("charted:bump", number)
        key = LIVE(plugin="charted", channel="changes")
        pipe.execute_command("XADD", key, f"{number}-0", "d", json.dumps({"n": number}))
        pipe.set(LIVE_LAST(), f"{number}-0")
        pipe.execute()


def card(page: Page, name: str = "hours") -> Locator:
    """A card whose chart is drawn."""
    found = page.locator(f"#panel-charted-{name}")
    expect(found.locator("figure.chart .plot canvas")).to_be_visible()
    return found


def pixels(found: Locator) -> str:
    """What is on a chart's canvas."""
    return str(found.locator("canvas").evaluate("(canvas) => canvas.toDataURL()"))


def changed(page: Page, found: Locator, before: str) -> None:
    """Wait until something else is on a chart's canvas."""
    canvas = found.locator("canvas").element_handle()
    page.wait_for_function("([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas, before])


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def said(found: Locator) -> Locator:
    return found.locator(".stage [role=status]")


def menu(found: Locator, entry: str) -> None:
    found.locator("details.menu summary").click()
    found.get_by_role("button", name=entry, exact=True).click()


def arrive(page: Page, before: str) -> None:
    """Wait until the page is at another address."""
    page.wait_for_url(lambda address: address != before)


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_chart_is_drawn_in_place_of_its_table(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?{AUTUMN}")
    for name in ("hours", "days", "names"):
        found = card(page, name)
        expect(found.locator(".twin")).to_be_hidden()
        colours = found.locator("canvas").evaluate(
            """(canvas) => {
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              const found = new Set(new Uint32Array(data.buffer));
              return found.size;
            }"""
        )
        assert colours > 10


def test_the_table_stands_without_javascript(url: str, open_page: OpenPage) -> None:
    still = open_page(url, java_script_enabled=False)
    expect(still.locator("#panel-charted-names .twin table")).to_be_visible()
    expect(still.locator("figure.chart").first).to_be_hidden()


@pytest.mark.parametrize("file", ["vendor/echarts.js", "js/chart.js"])
def test_the_table_comes_back_where_drawing_fails(url: str, open_page: OpenPage, file: str) -> None:
    page = open_page("about:blank")
    page.route(f"**/{file}*", lambda route: route.abort())
    page.goto(url)
    expect(page.locator("#panel-charted-names .twin table")).to_be_visible()


def test_the_menu_shows_the_table_and_the_chart_again(
    site: SiteUnderTest, url: str, open_page: OpenPage
) -> None:
    page = open_page(url)
    found = card(page)
    menu(found, "Table")
    expect(found.locator(".twin")).to_be_visible()
    expect(found.locator("figure.chart")).to_be_hidden()
    bump(site, 1000)
    expect(found.locator(".twin")).to_contain_text("1,0")
    expect(found.locator("figure.chart")).to_be_hidden()
    menu(found, "Chart")
    expect(found.locator("canvas")).to_be_visible()
    expect(found.locator(".twin")).to_be_hidden()


def test_a_picture_is_saved_with_its_title(url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    found = card(page)
    with page.expect_download() as started:
        menu(found, "PNG")
    assert started.value.suggested_filename == "by-hour.png"
    image = Path(started.value.path()).read_bytes()
    width, height = struct.unpack(">II", image[16:24])
    room = found.locator("canvas").bounding_box()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert room is not None
    assert width >= 2 * room["width"]
    assert height > 2 * room["height"] + 60


def drag(page: Page, found: Locator, start: float, end: float) -> None:
    """Drag over a plot from one share of its width to another, and hold."""
    room = found.locator(".plot").bounding_box()
    assert room is not None
    middle = room["y"] + room["height"] / 2
    page.mouse.move(room["x"] + room["width"] * start, middle)
    page.mouse.down()
    page.mouse.move(room["x"] + room["width"] * end, middle, steps=5)


def test_dragging_selects_a_range_and_goes_there(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?theme=dark&tz=Europe/Luxembourg&{AUTUMN}", **TOKYO)
    before, found = page.url, card(page)
    drag(page, found, 0.4, 0.8)
    expect(found.locator(".band")).to_be_visible()
    expect(found.locator(".readout")).to_contain_text("Sun 25 Oct 2026")
    page.mouse.up()
    arrive(page, before)
    address = asked(page)
    assert address["from"][0].startswith("2026-10-25T02:")
    assert address["to"][0].startswith("2026-10-25T0")
    assert address["to"][0].endswith("+01:00")
    assert (address["theme"], address["tz"]) == (["dark"], ["Europe/Luxembourg"])
    page.go_back()
    assert asked(page)["from"] == ["2026-10-25T00:00:00+02:00"]


def test_a_range_of_days_is_one_of_whole_days(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?from=2026-10-20&to=2026-10-30&last=", **TOKYO)
    before = page.url
    drag(page, card(page, "days"), 0.35, 0.75)
    page.mouse.up()
    arrive(page, before)
    address = asked(page)
    assert "2026-10-21" <= address["from"][0] < address["to"][0] <= "2026-10-29"
    assert "last" not in address


def test_escape_and_a_click_go_nowhere(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?{AUTUMN}")
    before, found = page.url, card(page)
    drag(page, found, 0.4, 0.8)
    page.keyboard.press("Escape")
    expect(found.locator(".band")).to_be_hidden()
    page.mouse.up()
    found.locator(".plot").click()
    assert page.url == before


def test_the_keyboard_reads_the_points_across_the_hour_that_comes_twice(
    url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{url}?{AUTUMN}", **TOKYO)
    found = card(page)
    found.locator(".plot").focus()
    heard = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        heard.append(said(found).inner_text().partition(": ")[0])
    assert heard == [
        "Sun 25 Oct 2026 00:00",
        "Sun 25 Oct 2026 01:00",
        "Sun 25 Oct 2026 02:00 UTC+02:00",
        "Sun 25 Oct 2026 02:00 UTC+01:00",
        "Sun 25 Oct 2026 03:00",
    ]
    expect(said(found)).to_contain_text("9 attributes, <img src=x onerror=alert(1)> 4, __proto__ 3, Network")


def test_the_keyboard_selects_and_goes_there(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?{AUTUMN}", **TOKYO)
    before, found = page.url, card(page)
    found.locator(".plot").focus()
    press(page, "Home", "ArrowRight", "Shift+ArrowRight")
    expect(said(found)).to_contain_text("Selected: Sun 25 Oct 2026 01:00 to Sun 25 Oct 2026 02:00 UTC+01:00.")
    press(page, "Escape")
    expect(found.locator(".band")).to_be_hidden()
    press(page, "Enter", "ArrowRight", "Enter")
    arrive(page, before)
    assert asked(page)["from"] == ["2026-10-25T02:00:00+02:00"]
    assert asked(page)["to"] == ["2026-10-25T03:00:00+01:00"]


def labels(page: Page, name: str, width: int) -> list[str]:
    """The labels of a chart's axis at a width, and its name, as they are given to what draws them."""
    return list(
        page.locator(f"#panel-charted-{name} figure.chart").evaluate(
            """async (figure, width) => {
              const { option } = await import("/static/js/chart-option.js");
              const { placesOf, readPalette } = await import("/static/js/chart-palette.js");
              const data = JSON.parse(figure.dataset.rows);
              data.places = placesOf(data);
              const { axisLabel, name } = option(data, readPalette(), width, new Set()).xAxis;
              return [...axisLabel.customValues.map(axisLabel.formatter), name];
            }""",
            width,
        )
    )


def test_colours_stay_with_their_names_and_no_two_are_the_same(url: str, open_page: OpenPage) -> None:
    places = open_page(f"{url}?{AUTUMN}").evaluate(
        """async (charts) => {
          const { placesOf } = await import("/static/js/chart-palette.js?alone");
          const drawn = (names) => placesOf({ series: [...names].map((name) => [name]) });
          return charts.map((names) => Object.fromEntries(drawn(names)));
        }""",
        ["abc", "xyb", "cax"],
    )
    assert places == [{"a": 0, "b": 1, "c": 2}, {"x": 0, "b": 1, "y": 2}, {"a": 0, "x": 1, "c": 2}]


@pytest.mark.parametrize(
    ("name", "query", "width", "expected"),
    [
        ("hours", AUTUMN, 800, "Sun 25 Oct,01:00,02:00,02:00,03:00,04:00,05:00,06:00"),
        ("hours", AUTUMN, 350, "Sun 25 Oct,02:00,04:00,06:00"),
        ("hours", SPRING, 800, "Sun 29 Mar,01:00,03:00,04:00,05:00,06:00"),
        ("hours", "from=2026-10-24&to=2026-10-26", 350, "Sat 24 Oct,Sun 25 Oct,Mon 26 Oct,Tue 27 Oct"),
        ("hours", f"{AUTUMN}&tz=UTC", 350, "22:00,Sun 25 Oct,02:00,04:00"),
        ("days", "from=2026-03-28&to=2026-03-30", 800, "Sat 28 Mar,Sun 29 Mar,Mon 30 Mar"),
        ("days", "from=2026-01-01&to=2026-12-31", 1100, "2026,Feb,Mar,Apr,May,Jun,Jul,Aug,Sept,Oct,Nov,Dec"),
    ],
)
def test_an_axis_is_that_of_the_viewers_zone(
    url: str, open_page: OpenPage, name: str, query: str, width: int, expected: str
) -> None:
    page = open_page(f"{url}?{query}", **TOKYO)
    zone = "UTC" if "tz=UTC" in query else "Europe/Luxembourg"
    assert labels(page, name, width) == [
        *expected.split(","),
        f"{'days' if name == 'days' else 'time'} in {zone}",
    ]


def test_a_day_begins_later_where_its_midnight_is_skipped(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?tz=America/Santiago&from=2026-09-05&to=2026-09-07", **TOKYO)
    assert "Sun 6 Sept" in labels(page, "hours", 500)


def test_another_theme_is_drawn_at_once(url: str, open_page: OpenPage) -> None:
    page = open_page(url, color_scheme="dark")
    found = card(page)
    dark = pixels(found)
    page.emulate_media(color_scheme="light")
    changed(page, found, dark)


def test_a_chart_follows_the_width_of_its_card(url: str, open_page: OpenPage) -> None:
    page = open_page(url, viewport={"width": 1600, "height": 900})
    found = card(page)
    before = pixels(found)
    page.set_viewport_size({"width": 360, "height": 740})
    changed(page, found, before)
    room = found.locator("canvas").bounding_box()
    assert room is not None
    assert room["x"] + room["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_hostile_names_are_shown_and_do_nothing(url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    keys = card(page).locator(".legend button")
    expect(keys).to_have_text(["Network activity", "__proto__", "<img src=x onerror=alert(1)>"])
    found = card(page, "names")
    found.locator(".plot").focus()
    heard = []
    for _ in range(6):
        press(page, "ArrowDown")
        heard.append(said(found).inner_text())
    assert heard[0] == "<script>alert(1)</script>: 60 attributes."
    assert heard[3] == "constructor: 30 attributes."
    assert page.locator("img[src=x]").count() == 0


def test_a_series_has_one_colour_on_the_page_and_can_be_left_out(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?{AUTUMN}")
    found = card(page)
    colour = "(button) => getComputedStyle(button.querySelector('.mark')).borderTopColor"
    by_hour, by_day = (card(page, name).get_by_role("button", name="__proto__") for name in ("hours", "days"))
    assert by_hour.evaluate(colour) == by_day.evaluate(colour)
    before = pixels(found)
    by_hour.click()
    expect(by_hour).to_have_attribute("aria-pressed", "false")
    expect(by_hour).to_be_focused()
    changed(page, found, before)
    found.locator(".plot").focus()
    press(page, "Home")
    expect(said(found)).not_to_contain_text("__proto__")


def test_a_live_item_redraws_the_same_chart(site: SiteUnderTest, url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=24h")
    found = card(page)
    expect(page.locator("#connection")).to_have_text("live")
    found.locator("canvas").evaluate("(canvas) => { window.first = canvas; }")
    found.locator(".plot").focus()
    press(page, "Home")
    before, heard = pixels(found), found.locator(".readout").inner_text()
    bump(site, 5000)
    changed(page, found, before)
    assert found.locator("canvas").evaluate("(canvas) => canvas === window.first")
    expect(found.locator(".plot")).to_be_focused()
    expect(found.locator(".readout")).not_to_have_text(heard)


REFRESH = """async (times) => {
  const card = document.querySelector("#panel-charted-hours");
  for (let i = 0; i < times; i++) {
    const text = await (await fetch(card.dataset.source)).text();
    const made = new DOMParser().parseFromString(text, "text/html").querySelector("[data-panel]");
    card.replaceChildren(...document.adoptNode(made).childNodes);
    card.dispatchEvent(new CustomEvent("watchfloor:refreshed", { bubbles: true }));
  }
}"""


def canvases(page: Page) -> int:
    """How many canvases the page holds in its memory, shown or not."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    prototype = session.send("Runtime.evaluate", {"expression": "HTMLCanvasElement.prototype"})
    found = session.send("Runtime.queryObjects", {"prototypeObjectId": prototype["result"]["objectId"]})
    length: Any = session.send(
        "Runtime.callFunctionOn",
        {
            "objectId": found["objects"]["objectId"],
            "functionDeclaration": "function () { return this.length }",
        },
    )
    session.detach()
    return int(length["result"]["value"])


def test_a_page_open_for_long_holds_no_more_charts_than_it_shows(url: str, open_page: OpenPage) -> None:
    page = open_page(url)
    for name in ("hours", "days", "names"):
        card(page, name)
    page.evaluate(REFRESH, 2)
    before = canvases(page)
    page.evaluate(REFRESH, 50)
    expect(page.locator("figure.chart canvas")).to_have_count(3)
    assert canvases(page) == before
    page.evaluate("document.querySelector('#panel-charted-days').remove()")
    page.evaluate(REFRESH, 1)
    assert canvases(page) < before
