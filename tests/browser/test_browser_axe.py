"""axe-core finds nothing serious on any page, in any theme, on a wall and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from watchfloor.testing import SiteUnderTest

    OpenPage = Callable[..., Page]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("/", "/trendings/", "/status", "/nowhere")
RUN = "axe.run({ resultTypes: ['violations'] }).then((result) => result.violations)"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.fail("axe-core is not there: run 'make test', or 'python scripts/browser_tools.py' once")
    return AXE.read_text()


def problems(page: Page, axe: str) -> list[str]:
    """What axe finds serious: rule, help and the elements that it names."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{page.url}: {one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("width", [1920, 360])
@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_no_page_keeps_anyone_out(
    busy: SiteUnderTest, open_page: OpenPage, axe: str, theme: str, width: int
) -> None:
    found = []
    with serving(busy.site, busy.url) as url:
        page = open_page("about:blank", viewport={"width": width, "height": 900})
        for path in PAGES:
            page.goto(f"{url}{path}?theme={theme}")
            found += problems(page, axe)
    assert found == []


def test_what_opens_keeps_nobody_out(busy: SiteUnderTest, open_page: OpenPage, axe: str) -> None:
    found = []
    with serving(busy.site, busy.url) as url:
        page = open_page(f"{url}/trendings/")
        page.locator(".card .menu summary").first.click()
        found += problems(page, axe)
        page.keyboard.press("Escape")
        for key in "rzt?":
            page.keyboard.press(key)
            found += problems(page, axe)
            page.keyboard.press("Escape")
    assert found == []
