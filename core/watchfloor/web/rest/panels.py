"""Panels as data: `/api/v1/panels`, and each of them as JSON and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from watchfloor.text import encodable
from watchfloor.web import errors
from watchfloor.web.empty import why_empty
from watchfloor.web.pages import query_of, senseless
from watchfloor.web.problem import problem
from watchfloor.web.query import QueryError
from watchfloor.web.rest import sheet
from watchfloor.web.rest.etag import answer, etag
from watchfloor.web.rest.values import number, plain
from watchfloor.web.state import web_of
from watchfloor.web.status import read_status
from watchfloor.web.views import read_view

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from watchfloor.panels import Panel, View
    from watchfloor.web.query import Query
    from watchfloor.web.state import OwnedPanel, Web
    from watchfloor.web.views import Answer

    Form = Callable[[Request, OwnedPanel, Query, Answer], Awaitable[Response]]

PATH = "/api/v1/panels"


async def panel_list(request: Request) -> Response:
    """Every panel: what it shows, and what it can be asked for."""
    listed = [described(owned) for owned in web_of(request).panels.values()]
    body = msgspec.json.encode({"panels": listed})
    return answer(request, body, "application/json", etag(body))


def described(owned: OwnedPanel) -> dict[str, Any]:
    """A panel's declaration."""
    panel, path = owned.panel, f"{PATH}/{owned.name}"
    return {
        "panel": owned.name,
        "title": panel.title,
        "meaning": panel.meaning,
        "json": path,
        "csv": f"{path}.csv",
        "columns": [
            {"name": c.name, "title": c.title, "kind": c.kind, "meaning": c.meaning} for c in panel.columns
        ],
        "options": [
            {"name": o.name, "meaning": o.meaning, "choices": o.choices, "many": o.many}
            for o in panel.options
        ],
        "ranged": panel.ranged,
        "channel": owned.channel or None,
    }


async def panel_json(request: Request) -> Response:
    """A panel's view as JSON."""
    return await _panel(request, _as_json)


async def panel_csv(request: Request) -> Response:
    """A panel's rows as CSV; the figures of one that has no rows."""
    return await _panel(request, _as_csv)


async def _panel(request: Request, form: Form) -> Response:
    web, name = web_of(request), f"{request.path_params['plugin']}/{request.path_params['name']}"
    owned = web.panels.get(name)
    if owned is None:
        raise HTTPException(404, f"There is no panel '{name[:100]}': {PATH} lists them.")
    query = query_of(request)
    try:
        found = await read_view(web, owned, query)
        if found.view.refused:
            return problem(request.scope, 400, found.view.refused)
        return await form(request, owned, query, found)
    except QueryError as error:
        raise senseless(error) from None
    except Exception as error:  # noqa: BLE001 (whatever a panel raises is told in its plugin's name)
        return _failed(request, web, owned, error)


def _failed(request: Request, web: Web, owned: OwnedPanel, error: Exception) -> Response:
    error_id = web.errors.keep(error, owned.owner, f"panel '{owned.panel.name}'", "panel")
    passing = isinstance(error, RedisError | TimeoutError)
    return problem(
        request.scope,
        503 if passing else 500,
        f"Plugin '{owned.owner}' could not show this: {errors.reason(error)}.",
        {"retry-after": "5"} if passing else None,
        plugin=owned.owner,
        error_id=error_id,
    )


async def _as_json(request: Request, owned: OwnedPanel, query: Query, found: Answer) -> Response:
    web, panel = web_of(request), owned.panel
    empty = None
    if found.view.blank:
        status = await read_status(web.redis, web.site.settings)
        empty = why_empty(web, owned, found.view, query, status)._asdict()
    head = {"panel": owned.name, "title": panel.title, "range": _range(panel, query)}
    told = msgspec.json.encode({"empty": empty, **_content(panel, found.view, query)})
    moment = {"as_of": plain(found.at, query.zone), "position": found.position}
    # When it was asked for, and the moment that a range which follows now ends at, are not in the tag.
    tag = etag(told, _asked(query))
    return answer(request, _joined(msgspec.json.encode({**head, **moment}), told), "application/json", tag)


def _joined(first: bytes, second: bytes) -> bytes:
    """Two JSON objects as one."""
    return first[:-1] + b"," + second[1:]


def _asked(query: Query) -> bytes:
    return f"{query.zone.key} {query.range.query}".encode()


def _range(panel: Panel, query: Query) -> dict[str, str | None] | None:
    if not panel.ranged:
        return None
    return {
        "from": plain(query.range.since, query.zone),  # type: ignore[dict-item]  # text, as it is a time
        "to": plain(query.range.until, query.zone),  # type: ignore[dict-item]
        "zone": query.zone.key,
        "last": query.range.last or None,
    }


def _content(panel: Panel, view: View, query: Query) -> Mapping[str, object]:
    names = [column.name for column in panel.columns]
    return {
        "summary": encodable(view.summary),
        "precision": encodable(view.precision),
        "figures": [{"name": f.name, "title": f.title, "value": number(f.value)} for f in view.figures],
        "rows": [
            {name: plain(value, query.zone) for name, value in zip(names, row, strict=True)}
            for row in view.rows
        ],
        "left_out": view.left_out,
    }


async def _as_csv(request: Request, owned: OwnedPanel, query: Query, found: Answer) -> Response:
    body = _sheet(owned.panel, found.view, query)
    tag = etag(body, _asked(query))
    disposition = f'attachment; filename="{_file_name(owned, query)}"'
    return answer(request, body, sheet.MEDIA_TYPE, tag, {"content-disposition": disposition})


def _sheet(panel: Panel, view: View, query: Query) -> bytes:
    if panel.columns:
        rows = ([plain(value, query.zone) for value in row] for row in view.rows)
        return sheet.sheet([column.name for column in panel.columns], rows)
    figures = ([f.name, encodable(f.title), number(f.value)] for f in view.figures)
    return sheet.sheet(["name", "title", "value"], figures)


def _file_name(owned: OwnedPanel, query: Query) -> str:
    """Made of names that may hold letters, digits and `_.-` alone."""
    days = f"_{query.range.start}_{query.range.end}" if owned.panel.ranged else ""
    return f"{owned.owner}-{owned.panel.name}{days}.csv"
