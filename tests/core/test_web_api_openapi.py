"""The description of the API: valid, true of what is answered, and held against a thousand odd requests."""

from __future__ import annotations

import re
import sys
import time
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from starlette.testclient import TestClient

import watchfloor
from watchfloor import plugins
from watchfloor.errors import PluginError
from watchfloor.simulate import World, history
from watchfloor.store.streams import Appender
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

FEED = {"name": "misp-main", "url": "tcp://192.0.2.1:50000"}
PLUGIN = '''
from datetime import UTC, date, datetime

from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from watchfloor import Column, Figure, Option, Panel, View, hookimpl

COLUMNS = (Column("what", "What"), Column("count", "Count", "number", "How often."),
           Column("day", "Day", "day"), Column("at", "At", "time"), Column("link", "Link", "url"))
OPTIONS = (Option("order", "Which way.", ("", "up", "down")),
           Option("tag", "Only these.", many=True, filters=True))


async def rows(ask):
    if ask.options.get("tag"):
        return View()
    return View([("<b>", 1.5, date(2026, 11, 2), datetime(2026, 11, 2, 12, tzinfo=UTC), None),
                 (None, None, None, None, "https://misp.example/")], [Figure("all", "All", 2.0)], "Two.")

@hookimpl
def panels():
    return [Panel("rows", "Rows", rows, columns=COLUMNS, options=OPTIONS)]

async def lookup(request):
    """Look something up.

    ---
    summary: Look something up.
    operationId: acme.lookup
    parameters:
      - {name: kind, in: path, required: true, schema: {type: string}}
      - {name: q, in: query, required: true, schema: {type: string}}
    responses:
      "200": {description: What was found.}
    """
    return JSONResponse({})

async def plain(request):
    """A page. Note: not described."""
    return JSONResponse({})

@hookimpl
def routes():
    return [Route("/plain", plain), Mount("/api", routes=[Route("/lookup/{kind}", lookup)])]
'''


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    (tmp_path / "acme_openapi.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {"acme": EntryPoint("acme", "acme_openapi", "watchfloor.plugins")}
    sys.modules.pop("acme_openapi", None)


def described(site: SiteUnderTest) -> dict[str, Any]:
    with TestClient(site.app()) as api:
        answer = api.get("/api/openapi.json")
        assert (
            api.get("/api/openapi.json", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        )
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def site(make_site: SiteMaker, acme: dict[str, EntryPoint]) -> SiteUnderTest:
    """With the plugins that come with it, and a week behind it."""
    points = {**plugins.installed(), **acme}
    made = make_site({"activity": {}, "trendings": {}, "acme": {}}, points, feeds=[FEED])
    with Appender(made.redis, "misp-main", 6.0) as appender:
        past = history(World(1), end=time.time(), days=7, count=400)
        appender.append([(message.frame, message.time) for message in past])
    made.work()
    return made


def test_it_is_valid_and_has_an_address_for_every_panel(site: SiteUnderTest) -> None:
    told = described(site)
    OpenAPIV31SpecValidator(told).validate()
    for plugin in site.site.plugins:
        for panel in plugin.panels:
            for form in ("", ".csv"):
                assert f"/api/v1/panels/{plugin.name}/{panel.name}{form}" in told["paths"]
    assert "/api/v1/panels/watchfloor/hops" in told["paths"]
    assert told["info"]["version"] == watchfloor.__version__


def test_it_says_what_the_declarations_say(site: SiteUnderTest) -> None:
    operation = described(site)["paths"]["/api/v1/panels/acme/rows"]["get"]
    assert operation["operationId"] == "acme.rows"
    parameters = [one.get("name") or one["$ref"].rpartition("/")[2] for one in operation["parameters"]]
    assert parameters == ["last", "from", "to", "tz", "order", "tag", "If-None-Match"]
    order, tag = operation["parameters"][4:6]
    assert order["schema"] == {"type": "string", "enum": ["up", "down"]}
    assert (tag["schema"]["type"], tag["description"]) == ("array", "Only these.")
    rows = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["rows"]
    assert rows["items"]["properties"]["count"] == {
        "type": ["number", "null"], "description": "Count. How often.", "examples": [412],
    }  # fmt: skip
    assert rows["items"]["required"] == ["what", "count", "day", "at", "link"]


def test_a_plugins_own_route_is_described_by_its_docstring(site: SiteUnderTest) -> None:
    paths = described(site)["paths"]
    assert paths["/acme/api/lookup/{kind}"]["get"]["summary"] == "Look something up."
    assert "/acme/plain" not in paths


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("responses:", "answers:", "the description of GET /acme/api/lookup/{kind} lacks 'responses'"),
        ("summary: Look", "summary: [Look", "the description of GET /acme/api/lookup/{kind} is no YAML"),
    ],
)
def test_a_description_that_cannot_be_read_stops_the_start(
    make_site: SiteMaker, acme: dict[str, EntryPoint], tmp_path: Path, old: str, new: str, problem: str
) -> None:
    (tmp_path / "acme_openapi.py").write_text(PLUGIN.replace(old, new))
    with pytest.raises(PluginError, match=f"plugin 'acme': {re.escape(problem)}"):
        make_site({"acme": {}}, acme).app()


def test_it_is_true_of_what_is_answered(site: SiteUnderTest) -> None:
    # That last goes with neither from nor to, that from comes before to, and which time zones there are
    # cannot be said in a schema; what nobody declares and what is empty is passed over.
    unsaid = [positive_data_acceptance, negative_data_rejection]
    with serving(site.site, site.url) as url:
        described = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
        # What a plugin's own route answers is not ours to promise.
        ours: Any = described.exclude(path_regex="^/acme/|^/ready$")
        asked = sum(_exercise(found.ok(), unsaid) for found in ours.get_all_operations())
    assert asked > 100


def _exercise(operation: Any, unsaid: list[Any]) -> int:
    """Ask in many ways, some of them wrong; how many there were."""
    asked = 0

    @seed(1)
    @settings(
        max_examples=3, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)
    )
    def ask(case: Any) -> None:
        nonlocal asked
        assume(len(str(case.query)) < 4000)  # far above, the server refuses what it cannot parse
        asked += 1
        case.call_and_validate(excluded_checks=unsaid)

    ask()
    return asked
