"""What a plugin's routes need to make pages: exported by `watchfloor`, and nothing else of the web is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.panels import Ask, Option, Panel, View
from watchfloor.web import problem as told
from watchfloor.web.intake import LargeRoute
from watchfloor.web.pages import page, query_of, senseless
from watchfloor.web.query import QueryError
from watchfloor.web.state import OwnedPanel, web_of
from watchfloor.web.views import ask_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["LargeRoute", "ask", "page", "problem"]


async def _nothing(_ask: Ask) -> View:
    return View()


def ask(request: Request, *options: Option) -> Ask:
    """What a request asks for: its range (`?last=7d`, or `?from=2026-11-01&to=2026-11-22`), those of the
    `options` that it names, and the connection to read with. The default is the last 7 days.

    An address that makes no sense is answered with a page that says what to write instead.
    """
    web, query = web_of(request), query_of(request)
    asked = Panel("route", "", _nothing, options=options)
    try:
        return ask_of(web, OwnedPanel(getattr(request.state, "plugin", ""), asked), query)
    except QueryError as error:
        raise senseless(error) from None


def problem(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """What a program is answered with when it asked wrongly: problem+json (RFC 9457), as under `/api/`.

    `detail` is one sentence that says what to do.
    """
    return told.problem(request.scope, status, detail, headers)
