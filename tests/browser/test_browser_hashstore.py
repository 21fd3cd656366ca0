"""The page of the hash store: what is pasted is recognised and hashed in the browser, and stays there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pasting import STORED, pasted
from playwright.sync_api import Route, expect

from watchfloor.web.server import serving
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, EventIs
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.recognise import digests_of, extract, kind

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from watchfloor.testing import SiteMaker, SiteUnderTest

    OpenPage = Callable[..., Page]

UUID = "11111111-1111-4111-8111-111111111111"
PASTED = [
    "evil.example", "hxxps[:]//evil[.]example/A?b=C", "eve(at)evil[.]example", "198[.]51[.]100[.]7",
    "198.51.100.7/32", "2001:0DB8:0::1", "[2001:db8::1]", "bücher.example", "evil.example.",
    "AA-BB-CC-00-11-22", "AS64496", "0049 (0)30 1234567", "a.exe|" + "ab" * 32, "2001:DB8:0::1|443",
    "a \U0001f600 b", "AB:" * 19 + "AB", " Text, v. 1.2 ", "c:\\temp\\a.exe", "HKLM\\Software\\Run",
    "CVE-2026-12345", "d41d8cd98f00b204e9800998ecf8427e", "Größe", "straße.example", "σίγμας.example",
    "::ffff:198.51.100.7", "[2001:0DB8::1]:443", "999.1.1.1", "198.51.100.0/33", "00:11:22:33:44:55",
    "\x1cevil.example\x85", "\ufeffevil.example", "a\nb", "a\r\nb", "x" * 250 + "[.]y", "fe80::1%eth0",
    '{"url":"http://a.example/x","ip":"198.51.100.7"}', "http://a.example/x,http://b.example/y",
    "src:198.51.100.7:4444", "dst=[2001:db8::7]:443", "mailto:eve@evil.example", "http://[2001:db8::9]:80/a",
]  # fmt: skip
INK = [*"abxyzAS019.:/[](){}|,;@ -_%\\\"'<>=#?&+~ \t", "\xa0", "\u200b", "é", "中", "\U0001f600", "hxxp", "://",
       "[.]", "(at)", " dot ", " at ", "198.51.100.7", "2001:db8::1", "evil.example", "ab" * 16]  # fmt: skip
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    feeds = [{"name": "misp", "url": "tcp://192.0.2.1:50000", "misp_url": "https://misp.example/"}]
    site = make_site(plugins={"hashstore": {"limits": {"tries": 3}}}, feeds=feeds)
    known = [
        AttributeIs(1, 7, [digest("evil.example")], "*", "domain", "Network activity", 1.0, day=9500),
        AttributeIs(2, 7, [digest(FORMULA.lower())], "*", "text", "Other", 1.0, day=9500),
    ]
    bring_in(site.redis, [EventIs(7, UUID, 1, "*", 1.0, tlp="amber"), *known])
    return site


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as url:
        yield url


@pytest.fixture
def key(site: SiteUnderTest) -> str:
    return own_keys.create(site.redis, OwnKey("page", 2))


def look_up(page: Page, text: str, key: str) -> None:
    page.fill("#hashstore-text", text)
    page.fill("#hashstore-key", key)
    page.click("text=Look up")


def said(page: Page, text: str) -> None:
    expect(page.locator("#hashstore output")).to_contain_text(text)


def scribbled(values: list[str], count: int) -> list[str]:
    """Values with something changed, put in or left out."""
    rng = random.Random(4)
    found = []
    for _ in range(count):
        text = list(rng.choice(values)[:120])
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text) + 1)
            text[at : at + rng.randint(0, 1)] = rng.choice(INK)
        found.append("".join(text))
    return found


def test_the_browser_reads_and_hashes_as_the_server_does(url: str, open_page: OpenPage) -> None:
    values = [*PASTED, *dict.fromkeys(p for type_ in STORED for v in STORED[type_] for p in pasted(type_, v))]
    values += scribbled(values, 2000)
    page = open_page(f"{url}/hashstore/")
    script = """async (values) => {
        const at = (name) => import(`/static/hashstore/${name}.js`);
        const [{ hashes }, { indicators, kind }] = [await at("hash"), await at("recognise")];
        return [await hashes(values), values.map(kind), values.map(indicators)] }"""
    found: Any = page.evaluate(script, values)
    for value, hashes, what, within in zip(values, *found, strict=True):
        assert set(hashes) == {one.hex() for one in digests_of(value)}, ascii(value)
        assert what == kind(value), ascii(value)
        assert list(dict.fromkeys(within)) == extract(value) or len(value.splitlines()) > 1, ascii(value)


def test_what_is_pasted_stays_in_the_browser(url: str, key: str, open_page: OpenPage) -> None:
    page, sent = open_page(f"{url}/hashstore/"), []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    look_up(page, "From: eve@other.example\nGET hxxp://evil[.]example/secret-path HTTP/1.1", key)
    row = page.locator("#hashstore-results tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("[data-cell=value]")).to_have_text("evil[.]example")
    expect(row.locator("a")).to_have_attribute("href", "https://misp.example/events/view/7")
    expect(row.locator("[data-cell=tlp]")).to_have_text("tlp:amber")
    said(page, "1 of 4 values are known.")
    (body,) = [data for data in sent if data]
    assert set(json.loads(body)) == {"hashes"}
    assert "example" not in body
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_types_are_counted_as_one_types(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    kinds = page.locator("#hashstore-kinds li")
    page.fill("#hashstore-text", "198.51.100[.]7 evil[.]example other.example\nnothing in particular")
    expect(kinds).to_have_text(["2 domain", "1 ip", "1 other text"])
    page.fill("#hashstore-text", "")
    expect(kinds).to_have_count(0)


def test_hits_and_misses_are_told_apart_and_saved(url: str, key: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    look_up(page, f"evil.example\nother.example\n{FORMULA}", key)
    rows = page.locator("#hashstore-results tbody tr")
    expect(rows).to_have_count(2)
    with page.expect_download() as download:
        page.click("text=Save as CSV")
    saved = download.value.path().read_text(encoding="utf-8").splitlines()
    assert (
        saved[1]
        == f'"evil.example","yes","7","{UUID}","domain","Network activity","false","2026-01-04","amber"'
    )
    assert saved[2].startswith(f'"\'{FORMULA}",')
    page.click("#hashstore-results >> text=Not known")
    expect(rows.locator("[data-cell=value]")).to_have_text(["other[.]example"])
    page.click("#hashstore-results >> text=All")
    expect(rows).to_have_count(3)


def test_of_a_value_the_newest_hits_come_first_and_hide_no_other(
    site: SiteUnderTest, url: str, key: str, open_page: OpenPage
) -> None:
    often = [
        AttributeIs(n, 7, [digest("often.example")], "*", "domain", "Other", 1.0, day=9500 + n * 7 % 60)
        for n in range(10, 60)
    ]
    bring_in(site.redis, often)
    page = open_page(f"{url}/hashstore/")
    look_up(page, "often.example evil.example", key)
    rows = page.locator("#hashstore-results tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.nth(3).locator("[data-cell=event]")).to_have_text("47 older")
    expect(rows.nth(4).locator("[data-cell=value]")).to_have_text("evil[.]example")
    page.click("text=47 older")
    expect(rows).to_have_count(51)
    days = rows.locator("[data-cell=age]").evaluate_all("cells => cells.map((cell) => cell.title)")
    assert days[:50] == sorted(days[:50], reverse=True)
    assert page.evaluate("document.activeElement === document.querySelectorAll('tbody tr')[3]")
    page.click("text=All")
    page.click("#hashstore-results [data-filter=known]")
    expect(rows).to_have_count(51)
    with page.expect_download() as download:
        page.click("text=Save as CSV")
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 52


def test_rows_are_copied_defanged(url: str, key: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/", permissions=["clipboard-read", "clipboard-write"])
    look_up(page, "http://evil.example/a\nother.example", key)
    said(page, "1 of 3 values are known.")
    page.click("#hashstore-results >> text=All")
    page.click("#hashstore-results >> text=Copy")
    expect(page.locator("[data-copy]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied == [
        "hxxp://evil[.]example/a",
        f"evil[.]example\t7\t{UUID}\tdomain\tamber",
        "other[.]example",
    ]


def test_large_pastes_come_piece_by_piece(url: str, key: str, open_page: OpenPage) -> None:
    page, sent = open_page(f"{url}/hashstore/"), []
    page.on("request", lambda request: sent.append(request.method))
    names = "\n".join(f"host-{number}.example" for number in range(4_500))
    page.locator("#hashstore-text").evaluate("(box, text) => { box.value = text }", f"{names}\nevil.example")
    page.fill("#hashstore-key", key)
    page.click("text=Look up")
    expect(page.locator("#hashstore output")).to_have_text("1 of 4,501 values are known.", timeout=30_000)
    assert sent.count("POST") == 3
    page.click("#hashstore-results >> text=Not known")
    expect(page.locator("#hashstore-results tbody tr")).to_have_count(200)
    page.click("text=Show more (4,300 left)")
    expect(page.locator("#hashstore-results tbody tr")).to_have_count(400)


def test_a_lookup_can_be_stopped(url: str, key: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    page.route("**/hashstore/lookup", lambda _: None)
    look_up(page, "evil.example", key)
    page.click("text=Stop")
    said(page, "Stopped.")
    expect(page.get_by_role("button", name="Look up")).to_be_enabled()


def test_wrong_keys_are_said_and_limited(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    look_up(page, "evil.example", "wrong")
    said(page, "This API key is wrong, expired, or not for use from here.")
    expect(page.locator("#hashstore-key")).to_be_focused()
    for _ in range(2):
        page.click("text=Look up")
        expect(page.get_by_role("button", name="Look up")).to_be_enabled()
    page.click("text=Look up")
    said(page, "Too many wrong API keys from here: wait")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda route: route.abort(), "The server does not answer."),
        (lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), "The server answered 502"),
        (lambda route: route.fulfill(status=413, body='{"detail": "Send less."}'), "Send less."),
    ],
)
def test_other_trouble_is_said(
    url: str, key: str, open_page: OpenPage, answer: Callable[[Route], None], says: str
) -> None:
    page = open_page(f"{url}/hashstore/")
    page.route("**/hashstore/lookup", answer)
    look_up(page, "evil.example", key)
    said(page, says)
    assert page.input_value("#hashstore-text") == "evil.example"


def test_where_browsers_do_not_hash_the_way_out_is_told(url: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    page.goto(f"{url}/hashstore/")
    expect(page.locator("#hashstore form")).to_be_hidden()
    expect(page.locator("[data-insecure]")).to_contain_text(f"watchfloor hashstore lookup --server {url}")


def test_without_scripts_the_way_out_is_told(url: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/", java_script_enabled=False)
    expect(page.locator("#hashstore .scriptless")).to_be_visible()
    expect(page.locator("#hashstore .scriptless")).to_contain_text(
        f"watchfloor hashstore lookup --server {url}"
    )
    expect(page.locator("#hashstore form")).to_be_hidden()


def test_nothing_is_sent_when_the_script_does_not_come(url: str, open_page: OpenPage) -> None:
    page, sent = open_page("about:blank"), []
    page.route("**/hashstore.js*", lambda route: route.abort())
    page.goto(f"{url}/hashstore/")
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    with page.expect_navigation():
        look_up(page, "evil.example", "a-secret")
    assert sent
    assert not any("evil" in request or "secret" in request for request in sent)


def test_the_keyboard_is_enough(url: str, key: str, open_page: OpenPage) -> None:
    page = open_page(f"{url}/hashstore/")
    page.keyboard.press("/")
    page.keyboard.type("evil.example")
    page.keyboard.press("Tab")
    page.keyboard.type(key)
    page.keyboard.press("Enter")
    said(page, "1 of 1 values are known.")


@pytest.mark.parametrize("width", [1920, 390])
@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_the_page_keeps_nobody_out(
    url: str, key: str, open_page: OpenPage, problems: Callable[[Page], list[str]], theme: str, width: int
) -> None:
    page = open_page(f"{url}/hashstore/?theme={theme}", viewport={"width": width, "height": 900})
    look_up(page, "evil.example\nother.example", key)
    said(page, "1 of 2")
    assert problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
