"""What a plugin may do to the web process, and what it may not: each costs the plugin alone."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from watchfloor.errors import PluginError
from watchfloor.web import boundary, views

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker

PLUGIN = """
import asyncio
import time
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from watchfloor import Channel, Column, Figure, NavItem, Option, Panel, View, ask, hookimpl, page

HOSTILE = "<script>alert(1)</script> \\u202egnp.exe \\"'><b onclick=x>"
CHANNEL = Channel("items")


ORG = Option("org", "of this organisation")
RANK = Option("rank", "how to rank", choices=("sum", "weighted"))
COLUMNS = (Column("name", HOSTILE), Column("count", "Count", "number"), Column("at", "At", "time"),
           Column("url", "URL", "url"), Column("where", "Where", link="url"))


async def names(asked):
    told = f"{asked.start}/{asked.end}/{dict(asked.options)}"
    return View(context={"names": [HOSTILE], "asked": told})

async def table(asked):
    at = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    return View([(HOSTILE, 12345, at, "https://misp.example/", HOSTILE), (None, 1.5, None, None, "x")],
                [Figure("all", HOSTILE, 12346)], HOSTILE, "whole days", left_out=1000)

async def nothing(asked):
    return View()

async def raises(asked):
    raise ZeroDivisionError("secret of the plugin")

async def hangs(asked):
    await asyncio.sleep(60)

async def hangs_in_a_thread(asked):
    await asyncio.to_thread(time.sleep, 1)

async def wrong(asked):
    return {"not": "a view"}

async def short(asked):
    return View([("one value",)])


@hookimpl
def panels():
    return [
        Panel("names", HOSTILE, names, template="names.html", channel=CHANNEL, options=(ORG, RANK)),
        Panel("table", "Table", table, columns=COLUMNS),
        Panel("nothing", "Nothing", nothing, columns=COLUMNS, topics=("misp_json_tag",)),
        Panel("raises", "Raises", raises),
        Panel("hangs", "Hangs", hangs),
        Panel("wrong", "Wrong", wrong),
        Panel("short", "Short", short, columns=COLUMNS),
        Panel("undefined", "Undefined", names, template="undefined.html"),
        Panel("missing", "Missing", names, template="missing.html"),
        Panel("thread", "Thread", hangs_in_a_thread),
        Panel("elsewhere", "Elsewhere", names, template="names.html", home=False),
    ]


async def index(request):
    return await page(request, HOSTILE, ["acme/names"])

async def own(request):
    asked = ask(request)
    return await page(request, "Own", template="acme/own.html", text=HOSTILE, days=len(asked.days), now=1)

async def fails(request):
    raise KeyError("secret of the plugin")

async def sleeps(request):
    await asyncio.sleep(60)

def sleeps_in_a_thread(request):
    time.sleep(1)
    return PlainTextResponse("late")

async def streams(request):
    async def parts():
        yield "begun, "
        await asyncio.sleep(0.6)
        yield "ended"
    return StreamingResponse(parts())

async def breaks_off(request):
    async def parts():
        yield "begun"
        raise OSError("broken")
    return StreamingResponse(parts())

async def teapot(request):
    raise HTTPException(418, "no <coffee> here")

async def weak(request):
    return HTMLResponse("x", headers={"content-security-policy": "default-src *"})

async def other(request):
    return await page(request, "Other", ["nobody/nothing"])


@hookimpl
def routes():
    functions = [own, fails, sleeps, sleeps_in_a_thread, streams, breaks_off, teapot, weak, other]
    named = [Route(f"/{function.__name__}", function, name=function.__name__) for function in functions]
    return [Route("/", index, name="index"), *named]

@hookimpl
def navigation():
    return [NavItem("Acme & Co", weight=5), NavItem("Own", "own", weight=1)]

@hookimpl
def live_channels():
    return [CHANNEL]
"""
FILES = {
    "acme_plugin/__init__.py": PLUGIN,
    "acme_plugin/templates/names.html": (
        "<p>{{ asked }}, {{ range.words }}</p>{% for name in names %}<b>{{ name }}</b>{% endfor %}"
    ),
    "acme_plugin/templates/undefined.html": "{{ no_such_variable }}",
    "acme_plugin/templates/own.html": (
        '{% extends "watchfloor/page.html" %}'
        '{% block content %}<p id="own">{{ text }} {{ days }}</p>{% endblock %}'
    ),
    "acme_plugin/static/acme.js": "export {};",
    "acme_plugin/static/acme.css": ".acme { color: red; }",
}


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {"acme": EntryPoint("acme", "acme_plugin", "watchfloor.plugins")}
    sys.modules.pop("acme_plugin", None)


@pytest.fixture
def browser(
    make_site: SiteMaker, acme: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setattr(boundary, "SECONDS", 0.3)
    monkeypatch.setattr(views, "SECONDS", 0.3)
    with TestClient(make_site({"acme": {}}, acme).app(), raise_server_exceptions=False) as client:
        yield client


def card(html: str, panel: str) -> str:
    """The HTML of one card."""
    return html.partition(f'id="panel-acme-{panel}"')[2].partition("</section>")[0]


def test_what_one_panel_does_costs_its_card_only(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    html = browser.get("/").text
    assert "<b>&lt;script&gt;" in card(html, "names")
    for panel, problem in {
        "raises": "ZeroDivisionError",
        "hangs": "took longer than 0.3 seconds",
        "thread": "took longer than 0.3 seconds",
        "wrong": "TypeError",
        "short": "ValueError",
        "undefined": "UndefinedError",
        "missing": "TemplateNotFound",
    }.items():
        assert f"Plugin &#39;acme&#39; could not show this: {problem}." in card(html, panel), panel
    assert "secret" not in html


def test_the_id_of_an_error_stands_in_the_log(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    html = card(browser.get("/panel/acme/raises").text, "raises")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["plugin"] == "acme"
    assert f"<code>{record.__dict__['error_id']}</code>" in html
    assert "secret of the plugin" in record.getMessage()


def test_hostile_names_are_shown_and_do_nothing(browser: TestClient) -> None:
    for path in ("/", "/acme/", "/acme/own", "/panel/acme/names"):
        html = browser.get(path).text
        assert "<script>" not in html
        assert "<b onclick" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; \u202egnp.exe &#34;&#39;&gt;&lt;b onclick=x&gt;" in html


def test_a_panel_is_asked_for_the_range_and_the_options_of_the_address(browser: TestClient) -> None:
    html = browser.get("/acme/?from=2026-11-01&to=2026-11-02&org=x&org=y&other=z").text
    assert "2026-11-01/2026-11-02/{&#39;org&#39;: (&#39;y&#39;,)}, 1 to 2 November 2026" in html


def test_a_value_that_is_no_choice_is_explained(browser: TestClient) -> None:
    assert "rank&#39;: (&#39;sum&#39;,)" in browser.get("/acme/?rank=sum").text
    for path in ("/acme/?rank=<b>", "/panel/acme/names?rank=<b>"):
        answer = browser.get(path)
        assert answer.status_code == 400
        assert "rank is one of sum, weighted, not &#39;&lt;b&gt;&#39;" in answer.text


def test_rows_and_figures_are_shown_by_their_declaration(browser: TestClient) -> None:
    html = card(browser.get("/panel/acme/table?tz=Asia/Tokyo").text, "table")
    assert '<td class="number">12,345</td>' in html
    assert 'datetime="2026-11-01T23:30:00+00:00">2026-11-02 08:30</time>' in html
    assert '<a href="https://misp.example/" rel="noreferrer">' in html
    assert '<dd data-figure="all">12,346</dd>' in html
    assert "and 1,000 more" in html
    assert "whole days" in html
    assert "<script>" not in html


def test_an_empty_panel_says_why(browser: TestClient) -> None:
    assert "No feed is configured, so nothing will arrive" in browser.get("/panel/acme/nothing").text


def test_the_first_page_holds_what_is_meant_for_it(browser: TestClient) -> None:
    html = browser.get("/").text
    assert 'id="panel-acme-names"' in html
    assert 'id="panel-acme-elsewhere"' not in html


def test_links_keep_what_means_the_same_on_every_page(browser: TestClient) -> None:
    html = browser.get("/acme/?last=24h&tz=UTC&theme=light&org=x&rank=sum").text
    assert '<a href="/acme/own?last=24h&amp;tz=UTC&amp;theme=light&amp;org=x" data-key="g o">Own</a>' in html
    assert 'data-theme="light"' in html
    assert "/panel/acme/names?last=24h&amp;tz=UTC&amp;theme=light&amp;org=x&amp;rank=sum" in html


def test_a_plugins_page_has_its_own_template_in_the_shell(browser: TestClient) -> None:
    html = browser.get("/acme/own?last=3d").text
    assert '<p id="own">' in html
    assert " 3</p>" in html
    assert "<title>Own · Watchfloor</title>" in html
    assert browser.get("/acme/own?last=x").status_code == 400


def test_a_plugins_script_and_style_are_loaded_where_it_is_shown(browser: TestClient) -> None:
    for path in ("/", "/acme/", "/acme/own"):
        html = browser.get(path).text
        assert 'src="/static/acme/acme.js?v=' in html
        assert html.index("acme.js") < html.index("live.js")
        assert 'href="/static/acme/acme.css?v=' in html
    assert "acme.js" not in browser.get("/nowhere").text
    assert browser.get("/static/acme/acme.js").text == "export {};"


def test_entries_of_the_navigation_are_sorted_and_point_below_the_mount(browser: TestClient) -> None:
    html = browser.get("/acme/own").text
    first = html.index('<li><a href="/acme/own" aria-current="page" data-key="g o">Own</a></li>')
    assert first < html.index('<li><a href="/acme/" data-key="g a">Acme &amp; Co</a></li>')


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("fails", "KeyError"),
        ("sleeps", "took longer than 0.3 seconds"),
        ("sleeps_in_a_thread", "took longer than 0.3 seconds"),
        ("other", "LookupError"),
    ],
)
def test_a_route_that_breaks_is_answered_in_its_plugins_name(
    browser: TestClient, caplog: pytest.LogCaptureFixture, path: str, problem: str
) -> None:
    answer = browser.get(f"/acme/{path}")
    assert answer.status_code == 500
    assert f"Plugin &#39;acme&#39; could not answer: {problem}." in answer.text
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["error_id"] in answer.text
    assert browser.get("/acme/").status_code == 200


def test_a_response_that_has_begun_may_take_its_time(browser: TestClient) -> None:
    assert browser.get("/acme/streams").text == "begun, ended"


def test_a_response_that_breaks_off_is_logged(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    assert "could not answer" not in browser.get("/acme/breaks_off").text
    assert "plugin 'acme', GET /acme/breaks_off: OSError: broken" in caplog.text


def test_an_error_that_a_route_means_is_a_page(browser: TestClient) -> None:
    answer = browser.get("/acme/teapot")
    assert answer.status_code == 418
    assert "no &lt;coffee&gt; here" in answer.text


def test_a_plugin_does_not_loosen_the_policy(browser: TestClient) -> None:
    assert browser.get("/acme/weak").headers["content-security-policy"].startswith("default-src 'none'")


def test_routes_are_found_by_the_plugins_name(browser: TestClient) -> None:
    app = browser.app
    assert str(app.url_path_for("acme:fails")) == "/acme/fails"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["live", "static", "panel", "health", "watchfloor", "css", "vendor", "api"])
def test_a_plugin_cannot_take_the_place_of_a_page(
    make_site: SiteMaker, acme: dict[str, EntryPoint], name: str
) -> None:
    with pytest.raises(PluginError, match=f"plugin '{name}': its name is one of the core's"):
        make_site({name: {}}, {name: acme["acme"]}).app()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('Channel("items")', 'Channel("a,b")', "the channel name 'a,b' may hold letters"),
        ('Panel("raises",', 'Panel("x/y",', "the panel name 'x/y' may hold letters"),
        ('Panel("raises",', 'Panel("names",', "declares the panel 'names' twice"),
        ("return [CHANNEL]", "return []", "its panel 'names' follows 'items': declare it in live_channels"),
    ],
)
def test_names_that_cannot_be_served_stop_the_start(
    make_site: SiteMaker, acme: dict[str, EntryPoint], tmp_path: Path, old: str, new: str, problem: str
) -> None:
    (tmp_path / "acme_plugin/__init__.py").write_text(PLUGIN.replace(old, new))
    with pytest.raises(PluginError, match=f"plugin 'acme': {problem}"):
        make_site({"acme": {}}, acme).app()
