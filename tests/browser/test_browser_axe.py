"""axe-core finds nothing serious on any page, in any theme, on a wall and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    OpenPage = Callable[..., Page]
    Problems = Callable[[Page], list[str]]

PAGES = ("/", "/trendings/", "/status", "/nowhere")


@pytest.mark.parametrize("width", [1920, 360])
@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_no_page_keeps_anyone_out(
    busy: str, open_page: OpenPage, problems: Problems, theme: str, width: int
) -> None:
    found = []
    page = open_page("about:blank", viewport={"width": width, "height": 900})
    for path in PAGES:
        page.goto(f"{busy}{path}?theme={theme}")
        found += problems(page)
    assert found == []


def test_what_opens_keeps_nobody_out(busy: str, open_page: OpenPage, problems: Problems) -> None:
    found = []
    page = open_page(f"{busy}/trendings/")
    page.locator(".card .menu summary").first.click()
    found += problems(page)
    page.keyboard.press("Escape")
    for key in "rzt?":
        page.keyboard.press(key)
        found += problems(page)
        page.keyboard.press("Escape")
    assert found == []
