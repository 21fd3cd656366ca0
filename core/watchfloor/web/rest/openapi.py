"""`/api/openapi.json`: the description of the API, made of what core and plugins declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

import watchfloor
from watchfloor.web.rest import schemas, sheet
from watchfloor.web.rest.documented import documented
from watchfloor.web.rest.etag import answer, etag
from watchfloor.web.rest.panels import PATH
from watchfloor.web.rest.schemas import Schema, record, ref
from watchfloor.web.state import web_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from watchfloor.plugins import Plugin
    from watchfloor.web.state import OwnedPanel

_JSON = "application/json"
_ABOUT = (
    "What happens on one or more MISP instances: every panel as JSON and CSV. Dates are ISO 8601, errors "
    "problem+json. Headers of more than 32 KiB are answered with 431. Parameters that nothing here "
    "declares are passed over."
)
_TAG = {"ETag": {"description": "Names this content: send it as If-None-Match.", "schema": schemas.TEXT}}


async def openapi(request: Request) -> Response:
    """The description of this site's API: of the plugins that it has."""
    web = web_of(request)
    body = msgspec.json.encode(description(web.site.plugins, list(web.panels.values())))
    return answer(request, body, _JSON, etag(body))


def description(plugins: Sequence[Plugin], panels: Iterable[OwnedPanel]) -> Schema:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Watchfloor",
            "version": watchfloor.__version__,
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name} for name in ("watchfloor", *(plugin.name for plugin in plugins))],
        "paths": {**_own(), **_panels(panels), **documented(plugins)},
        "components": {
            "schemas": dict(schemas.COMPONENTS),
            "parameters": dict(schemas.PARAMETERS),
            "responses": dict(schemas.RESPONSES),
        },
    }


def _own() -> dict[str, Schema]:
    ready = _content(record({"status": schemas.TEXT, "checks": _list("Check")}))
    return {
        PATH: _get(
            "panels", "watchfloor", "Every panel, and what it can be asked for.", [_match()],
            {"200": _ok(record({"panels": _list("Panel")})), "304": _answer("NotModified")},
        ),
        "/api/v1/feeds": _get(
            "feeds", "watchfloor", "The feeds, their states, and what came from them.", [_parameter("tz")],
            {
                "200": {"description": "Every feed that is configured.",
                        "content": _content(record({"feeds": _list("Feed")}))},
                "400": _answer("Senseless"), "503": _answer("Away"),
            },
        ),
        "/health": _get(
            "health", "watchfloor", "Whether the web process lives.", [],
            {"200": {"description": "It does.", "content": _content(record({"status": schemas.TEXT}))}},
        ),
        "/ready": _get(
            "ready", "watchfloor", "Whether the site does its work, check by check.", [],
            {
                "200": {"description": "It does.", "content": ready},
                "503": {"description": "Something fails that it cannot do without.", "content": ready},
            },
        ),
    }  # fmt: skip


def _panels(panels: Iterable[OwnedPanel]) -> dict[str, Schema]:
    paths = {}
    for owned in panels:
        paths[f"{PATH}/{owned.name}"] = _panel(owned, "", _ok(_view(owned)))
        paths[f"{PATH}/{owned.name}.csv"] = _panel(owned, ".csv", _csv(owned))
    return paths


def _panel(owned: OwnedPanel, form: str, ok: Schema) -> Schema:
    panel = owned.panel
    shared = [_parameter(name) for name in (("last", "from", "to", "tz") if panel.ranged else ("tz",))]
    options = [schemas.option(option) for option in panel.options]
    summary = f"{panel.title}{' as CSV' if form else ''}"
    return _get(
        f"{owned.name}{form}",
        owned.owner,
        f"{summary}. {panel.meaning}".strip(),
        [*shared, *options, _match()],
        {
            "200": ok,
            "304": _answer("NotModified"),
            "400": _answer("Senseless"),
            "500": _answer("Broken"),
            "503": _answer("Away"),
        },
    )


def _view(owned: OwnedPanel) -> Schema:
    """What a panel answers with."""
    text, panel = schemas.TEXT, owned.panel
    return record(
        {
            "panel": {"const": owned.name},
            "title": text,
            "range": ref("schemas", "Range") if panel.ranged else {"type": "null"},
            "as_of": schemas.MOMENT,
            "position": text,
            "empty": {"anyOf": [ref("schemas", "Empty"), {"type": "null"}]},
            "summary": text,
            "precision": text,
            "figures": _list("Figure"),
            "rows": {"type": "array", "items": schemas.row(panel.columns)},
            "left_out": schemas.COUNT,
        }
    )


def _csv(owned: OwnedPanel) -> Schema:
    names = [column.name for column in owned.panel.columns] or ["name", "title", "value"]
    example = f"{','.join(names)}\r\n"
    media = {sheet.MEDIA_TYPE.partition(";")[0]: {"schema": schemas.TEXT, "example": example}}
    return {"description": "The rows, below the names of their columns.", "headers": _TAG, "content": media}


def _get(
    name: str, tag: str, summary: str, parameters: Sequence[Schema], responses: Mapping[str, Any]
) -> Schema:
    told = {
        "operationId": name.replace("/", "."),
        "tags": [tag],
        "summary": summary,
        "parameters": list(parameters),
        "responses": {**responses, "414": _answer("TooLong")},
    }
    return {"get": told}


def _ok(schema: Schema) -> Schema:
    return {"description": "What there is.", "headers": _TAG, "content": _content(schema)}


def _content(schema: Schema) -> Schema:
    return {_JSON: {"schema": schema}}


def _list(name: str) -> Schema:
    return {"type": "array", "items": ref("schemas", name)}


def _answer(name: str) -> Schema:
    return ref("responses", name)


def _parameter(name: str) -> Schema:
    return ref("parameters", name)


def _match() -> Schema:
    return _parameter("If-None-Match")
