"""Trendings in a real browser: search as you type, following, and cards that fill by themselves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from watchfloor.web.server import serving
from watchfloor_trendings import index
from watchfloor_trendings.keys import EVENTS, TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from watchfloor.testing import SiteMaker, SiteUnderTest

    OpenPage = Callable[..., Page]

HOSTILE = '<img src=x onerror="document.title=1"> & so on'
TITLES = ("Événement majeur", "Phishing, week 44", HOSTILE)


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    made = make_site({"trendings": {}})
    today = datetime.now(UTC).date()
    for back in range(3):
        counts = {title: 3 - number + back for number, title in enumerate(TITLES)}
        made.redis.zadd(EVENTS(date=today - timedelta(days=back)), counts)
    made.redis.zadd(TAGS(date=today), {"tlp:red": 1})
    return made


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as address:
        yield f"{address}/trendings/"


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Part of the name")


def options(page: Page, name: str = "") -> Locator:
    return page.get_by_role("listbox", name="Found").get_by_role("option", name=re.compile(re.escape(name)))


def followed(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("follow_events", [])


def test_what_is_typed_is_found_and_followed_by_the_keyboard_alone(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=3d")
    field(page).focus()
    page.keyboard.type("EVENEMENT")
    option = options(page)
    expect(option).to_have_count(1)
    expect(option).to_contain_text("Événement majeur")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field(page).get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Followed")).to_contain_text("Événement majeur")
    assert followed(page) == ["Événement majeur"]
    assert "last=3d" in page.url
    page.get_by_role("link", name="Stop following Événement majeur").first.click()
    expect(page.get_by_role("list", name="Followed")).to_have_count(0)


def test_escape_closes_and_nothing_found_is_said(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=3d")
    field(page).focus()
    expect(options(page)).to_have_count(3)
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    field(page).fill("nobody has this name")
    expect(page.locator("[data-said]")).to_have_text("Nothing found")


def test_a_hostile_title_is_text_where_it_is_found_and_followed(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=3d")
    field(page).fill("onerror")
    options(page).first.click()
    expect(page.get_by_role("list", name="Followed")).to_contain_text(HOSTILE)
    assert followed(page) == [HOSTILE]
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "Trendings · Watchfloor"


def test_other_kinds_are_searched_when_chosen(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=3d")
    page.get_by_label("Follow", exact=True).select_option("tags")
    expect(options(page, "tlp:red")).to_have_count(1)
    options(page).first.click()
    page.wait_for_url(re.compile("follow_tags=tlp"))


def test_without_javascript_a_form_and_links_do_the_same(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}?last=3d", java_script_enabled=False)
    page.get_by_role("searchbox").fill("evenement")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Événement majeur").click()
    assert followed(page) == ["Événement majeur"]
    page.get_by_role("link", name="Follow Phishing, week 44").click()
    assert followed(page) == ["Événement majeur", "Phishing, week 44"]


def test_a_card_that_is_being_read_fills_by_itself(
    site: SiteUnderTest, url: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_SHORT", 0.0)
    page = open_page(f"{url}?last=365d")
    card = page.locator("#panel-trendings-events")
    expect(card.get_by_role("link", name="Look again")).to_be_visible()
    monkeypatch.setattr(index, "_SHORT", 10.0)
    expect(card.get_by_role("cell", name="Phishing, week 44", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_width_needs_sideways_scrolling(url: str, open_page: OpenPage, width: int) -> None:
    page = open_page(f"{url}?last=3d&follow_events=a", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
