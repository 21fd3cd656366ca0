"""Panels as JSON and CSV: what programs get, and what they are told when it cannot be."""

from __future__ import annotations

import csv
import io
import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import LIVE_LAST
from watchfloor.testing import until
from watchfloor.web import views
from watchfloor.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

FEED = {"name": "misp-main", "url": "tcp://192.0.2.1:50000"}
PLUGIN = '''
import asyncio
from datetime import UTC, date, datetime

from starlette.routing import Route

from watchfloor import Channel, Column, Figure, Option, Panel, View, hookimpl

CHANNEL = Channel("items")
COLUMNS = (Column("what", "What"), Column("count", "Count", "number", "How often."),
           Column("day", "Day", "day"), Column("at", "At", "time"), Column("link", "Link", "url"))
STATE = {"count": 3.0}


async def rows(ask):
    """Rows of every kind."""
    await ask.redis.ping()
    order = ask.option("order", "up")
    return View(
        rows=[("plain", STATE["count"], date(2026, 11, 2), datetime(2026, 11, 2, 12, tzinfo=UTC), None),
              ('=HYPERLINK("http://evil.example")', -2.5, None, None, "https://misp.example/events/1")],
        figures=[Figure("all", "all of them", 2.0)],
        summary=f"Two rows, {order}.", precision="whole days", left_out=7)

async def many(ask):
    return View(rows=[(f"row {i}", i, None, None, None) for i in range(1200)])

async def nothing(ask):
    return View()

async def figures(ask):
    return View(figures=[Figure("sightings", "sightings", 4.0), Figure("rate", "+a second", 0.5)])

async def raises(ask):
    raise ZeroDivisionError("secret of the plugin")

async def hangs(ask):
    await asyncio.sleep(60)

async def naive(ask):
    return View(rows=[("x", 1, None, datetime(2026, 11, 2, 12), None)])

async def broken(ask):
    return View(rows=[("\\udcff\\ud800 org", 1, None, None, None)], summary="\\udcff")

OPTIONS = (Option("order", "Which way.", ("up", "down")),
           Option("tag", "Only these.", many=True, filters=True))

@hookimpl
def panels():
    made = [Panel("rows", "Rows", rows, "What there is.", COLUMNS, channel=CHANNEL, options=OPTIONS),
            Panel("figures", "Figures", figures, ranged=False)]
    return made + [Panel(f.__name__, f.__name__, f, columns=COLUMNS, options=OPTIONS)
                   for f in (many, nothing, raises, hangs, naive, broken)]

@hookimpl
def live_channels():
    return [CHANNEL]

async def fails(request):
    raise KeyError("secret of the plugin")

@hookimpl
def routes():
    return [Route("/fails", fails)]
'''


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    (tmp_path / "acme_api.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {"acme": EntryPoint("acme", "acme_api", "watchfloor.plugins")}
    sys.modules.pop("acme_api", None)


@pytest.fixture
def site(make_site: SiteMaker, acme: dict[str, EntryPoint]) -> SiteUnderTest:
    return make_site({"acme": {}}, acme, feeds=[FEED])


@pytest.fixture
def api(site: SiteUnderTest) -> Iterator[TestClient]:
    with TestClient(site.app(), raise_server_exceptions=False) as client:
        yield client


def panel(api: TestClient, name: str, query: str = "") -> Any:
    answer = api.get(f"/api/v1/panels/acme/{name}?{query}")
    assert answer.headers["content-type"] == "application/json"
    return answer.raise_for_status().json()


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_panel_tells_what_its_card_shows(site: SiteUnderTest, api: TestClient) -> None:
    site.redis.set(LIVE_LAST(), "1700000000000-0")
    told = panel(api, "rows", "from=2026-11-01&to=2026-11-02&tz=Europe/Luxembourg&order=down")
    assert told.pop("as_of").endswith("+01:00")
    assert told == {
        "panel": "acme/rows",
        "title": "Rows",
        "range": {
            "from": "2026-11-01T01:00:00+01:00",
            "to": "2026-11-03T01:00:00+01:00",
            "zone": "Europe/Luxembourg",
            "last": None,
        },
        "position": "1700000000000-0",
        "empty": None,
        "summary": "Two rows, down.",
        "precision": "whole days",
        "figures": [{"name": "all", "title": "all of them", "value": 2}],
        "rows": [
            {"what": "plain", "count": 3, "day": "2026-11-02", "at": "2026-11-02T13:00:00+01:00",
             "link": None},
            {"what": '=HYPERLINK("http://evil.example")', "count": -2.5, "day": None, "at": None,
             "link": "https://misp.example/events/1"},
        ],
        "left_out": 7,
    }  # fmt: skip


def test_a_range_that_follows_now_says_so(api: TestClient) -> None:
    assert panel(api, "rows", "last=48h")["range"]["last"] == "48h"
    assert panel(api, "rows")["range"]["last"] == "7d"
    assert panel(api, "figures")["range"] is None


def test_rows_are_given_whole(api: TestClient) -> None:
    assert len(panel(api, "many")["rows"]) == 1200
    assert len(rows_of(api.get("/api/v1/panels/acme/many.csv").text)) == 1201


def test_an_empty_panel_says_why_and_what_to_do(api: TestClient) -> None:
    told = panel(api, "nothing", "tag=x")
    assert told["rows"] == []
    assert told["empty"] == {
        "text": "Nothing in this range matches the filter.",
        "link": "?",
        "words": "Show everything",
    }
    assert "Nothing has come from misp-main yet." in panel(api, "nothing")["empty"]["text"]


def test_text_that_is_no_unicode_is_shown_as_such(api: TestClient) -> None:
    assert "\ufffd org" in panel(api, "broken")["rows"][0]["what"]
    assert "\ufffd org" in api.get("/api/v1/panels/acme/broken.csv").text


def test_csv_is_a_header_and_rows_with_times_in_the_viewers_zone(api: TestClient) -> None:
    answer = api.get("/api/v1/panels/acme/rows.csv?from=2026-11-01&to=2026-11-02&tz=Asia/Kolkata")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="acme-rows_2026-11-01_2026-11-02.csv"'
    )
    assert answer.text == (
        "what,count,day,at,link\r\n"
        "plain,3,2026-11-02,2026-11-02T17:30:00+05:30,\r\n"
        '"\'=HYPERLINK(""http://evil.example"")",-2.5,,,https://misp.example/events/1\r\n'
    )


def test_csv_of_a_panel_without_rows_holds_its_figures(api: TestClient) -> None:
    answer = api.get("/api/v1/panels/acme/figures.csv")
    assert rows_of(answer.text) == [
        ["name", "title", "value"],
        ["sightings", "sightings", "4"],
        ["rate", "'+a second", "0.5"],
    ]


@pytest.mark.parametrize("path", ["rows", "rows.csv", "figures"])
def test_what_a_client_has_is_not_sent_again(api: TestClient, path: str) -> None:
    url = f"/api/v1/panels/acme/{path}?last=48h"
    first = api.get(url)
    assert first.headers["cache-control"] == "no-cache"
    again = api.get(url, headers={"if-none-match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert api.get(url, headers={"if-none-match": "*"}).status_code == 304
    assert api.get(url, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["rows", "rows.csv"])
def test_another_content_range_or_zone_has_another_tag(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    url = f"/api/v1/panels/acme/{path}"
    tags = {api.get(url + query).headers["etag"] for query in ("", "?last=30d", "?tz=Asia/Kolkata")}
    monkeypatch.setitem(sys.modules["acme_api"].STATE, "count", 4)
    tags.add(api.get(url + "?last=8d").headers["etag"])
    assert len(tags) == 4


@pytest.mark.parametrize("path", ["panels", "panels/acme/rows", "panels/acme/rows.csv", "feeds"])
def test_head_tells_the_headers_alone(api: TestClient, path: str) -> None:
    answer = api.head(f"/api/v1/{path}")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0


def test_the_list_declares_every_panel(api: TestClient) -> None:
    listed = {one["panel"]: one for one in api.get("/api/v1/panels").json()["panels"]}
    assert {"watchfloor/feeds", "watchfloor/worker", "acme/figures"} <= listed.keys()
    rows = listed["acme/rows"]
    assert (rows["title"], rows["meaning"], rows["channel"], rows["ranged"]) == (
        "Rows", "What there is.", "acme/items", True,
    )  # fmt: skip
    assert rows["json"] == "/api/v1/panels/acme/rows"
    assert rows["csv"] == "/api/v1/panels/acme/rows.csv"
    assert rows["columns"][1] == {
        "name": "count",
        "title": "Count",
        "kind": "number",
        "meaning": "How often.",
    }
    assert rows["options"][0] == {
        "name": "order", "meaning": "Which way.", "choices": ["up", "down"], "many": False,
    }  # fmt: skip


def test_the_feeds_are_told_with_their_states(api: TestClient) -> None:
    (feed,) = api.get("/api/v1/feeds").json()["feeds"]
    assert feed["name"] == "misp-main"
    assert feed["state"] == "unknown"
    assert feed["messages"] == 0


def problem(answer: Any) -> Any:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == "about:blank"
    return told


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("order=sideways", "order is one of up, down, not 'sideways'"),
        ("tz=Mars/Olympus", "tz is the name of a time zone"),
        ("last=x", "last is a number of minutes, hours or days"),
        ("from=2026-11-05&to=2026-11-01", "is not before to"),
        ("from=yesterday", "from is a day or a time"),
        ("tag=" + 2001 * "x", "one of more than 2000 characters"),
    ],
)
@pytest.mark.parametrize("path", ["rows", "rows.csv"])
def test_an_address_that_makes_no_sense_is_explained(
    api: TestClient, path: str, query: str, detail: str
) -> None:
    told = problem(api.get(f"/api/v1/panels/acme/{path}?{query}"))
    assert (told["status"], told["title"]) == (400, "Bad Request")
    assert detail in told["detail"]
    assert told["instance"] == f"/api/v1/panels/acme/{path}"


def test_what_nobody_declares_is_passed_over(api: TestClient) -> None:
    assert panel(api, "rows", "colour=blue")["rows"]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/panels/acme/none", "/api/v1/panels/acme/none.csv", "/api/v1/none", "/api/v2/panels", "/api/"],
)
def test_what_is_not_there_is_a_problem(api: TestClient, path: str) -> None:
    assert problem(api.get(path))["title"] == "Not Found"


def test_a_method_that_is_not_taken_is_a_problem(api: TestClient) -> None:
    answer = api.post("/api/v1/panels/acme/rows")
    assert problem(answer)["status"] == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("raises", 500, "ZeroDivisionError"),
        ("naive", 500, "ValueError"),
        ("hangs", 503, "took longer than 0.3 seconds"),
    ],
)
def test_what_a_panel_does_is_told_in_its_plugins_name(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str,
    status: int, reason: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(views, "SECONDS", 0.3)
    answer = api.get(f"/api/v1/panels/acme/{name}")
    told = problem(answer)
    assert told["status"] == status
    assert told["detail"] == f"Plugin 'acme' could not show this: {reason}."
    assert told["plugin"] == "acme"
    assert f"[{told['error_id']}] plugin 'acme', panel '{name}'" in caplog.text
    assert "secret" not in answer.text
    assert panel(api, "rows")["rows"]


def test_a_route_of_a_plugin_that_breaks_is_a_problem_for_who_wants_json(api: TestClient) -> None:
    told = problem(api.get("/acme/fails", headers={"accept": "application/json"}))
    assert (told["status"], told["plugin"]) == (500, "acme")
    assert "<nav" in api.get("/acme/fails", headers={"accept": "text/html,application/json"}).text


def test_redis_being_away_is_a_problem_that_passes(
    make_site: SiteMaker, acme: dict[str, EntryPoint], tmp_path: Path
) -> None:
    site = make_site({"acme": {}}, acme, feeds=[FEED]).site
    with EmbeddedServer(tmp_path / "away") as server, TestClient(create_app(site, server.url)) as api:
        server.stop()
        for path in ("panels/acme/rows", "panels/acme/rows.csv", "feeds"):
            answer = api.get(f"/api/v1/{path}")
            assert problem(answer)["status"] == 503
            assert answer.headers["retry-after"] == "5"
        server.start()
        until(lambda: api.get("/api/v1/panels/acme/rows").status_code == 200, "an answer after the restart")
