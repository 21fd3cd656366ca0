"""The page of the hash store: what is pasted is recognised and hashed in the browser, and stays there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from watchfloor.web.server import serving
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.changes import AttributeIs, EventIs, bring_in
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.recognise import digests_of, kind

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from watchfloor.testing import SiteMaker, SiteUnderTest

    OpenPage = Callable[..., Page]

UUID = "11111111-1111-4111-8111-111111111111"
PASTED = [
    "evil.example", "hxxps[:]//evil[.]example/A?b=C", "eve(at)evil[.]example", "198[.]51[.]100[.]7",
    "198.51.100.7/32",
    "2001:0DB8:0::1", "[2001:db8::1]", "bücher.example", "evil.example.", "AA-BB-CC-00-11-22", "AS64496",
    "0049 (0)30 1234567", "a.exe|" + "ab" * 32, "2001:DB8:0::1|443", "a \U0001f600 b", "AB:" * 19 + "AB",
    " Text, v. 1.2 ",
    "c:\\temp\\a.exe", "HKLM\\Software\\Run", "CVE-2026-12345", "d41d8cd98f00b204e9800998ecf8427e", "Größe",
]  # fmt: skip


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    site = make_site(plugins={"hashstore": {"misp_url": "https://misp.example"}})
    hashes = [digest("evil.example")]
    event = EventIs(7, UUID, 1, "*", 1.0, tlp="amber")
    bring_in(site.redis, [event, AttributeIs(1, 7, hashes, "*", "domain", "Network activity", 1.0, day=9500)])
    return site


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as url:
        yield url


def test_the_browser_hashes_as_the_server_does(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    load = "const m = await import(document.querySelector('script[src*=\"hashstore.js\"]').src);"
    script = f"async (values) => {{ {load} return [await m.hashes(values), values.map(m.kind)] }}"
    found: Any = page.evaluate(script, PASTED)
    for value, hashes, what in zip(PASTED, *found, strict=True):
        assert {one.hex() for one in digests_of(value)} <= set(hashes), value
        assert what == kind(value)


def test_what_is_pasted_stays_in_the_browser(site: SiteUnderTest, url: str, open_page: OpenPage) -> None:
    page, sent = open_page(f"{url}/hashstore/"), []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.fill("#hashstore-text", "From: eve@other.example\nGET hxxp://evil[.]example/secret-path HTTP/1.1")
    page.fill("#hashstore-key", own_keys.create(site.redis, OwnKey("page", 2)))
    page.click("text=Look up")
    row = page.locator("#hashstore tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("td").nth(0)).to_have_text("evil.example")
    expect(row.locator("a")).to_have_attribute("href", "https://misp.example/events/view/7")
    expect(row.locator("td").nth(3)).to_have_text("tlp:amber")
    expect(page.locator("#hashstore output")).to_contain_text("1 of 4 values are known")
    (body,) = [data for data in sent if data]
    assert set(json.loads(body)) == {"hashes"}
    assert "example" not in body
    with page.expect_download() as download:
        page.click("text=Save as CSV")
    saved = download.value.path().read_text(encoding="utf-8")
    assert saved.splitlines()[1].startswith('"evil.example","7","11111111-')


def test_a_wrong_key_is_said(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    page.fill("#hashstore-text", "evil.example")
    page.fill("#hashstore-key", "wrong")
    page.click("text=Look up")
    expect(page.locator("#hashstore output")).to_contain_text("Not answered: this API key is wrong")
