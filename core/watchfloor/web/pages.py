"""Pages in the shell: header, navigation, lights, and what a page is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from watchfloor.web import errors
from watchfloor.web.cards import render_panels
from watchfloor.web.headers import HEADERS
from watchfloor.web.problem import problem, wanted
from watchfloor.web.query import QueryError, read_query
from watchfloor.web.ranges import DEFAULT, QUICK
from watchfloor.web.state import web_of
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from starlette.requests import Request

    from watchfloor.web.query import Query
    from watchfloor.web.state import Web
    from watchfloor.web.status import Status

FEEDS_CHANNEL = "watchfloor/feeds"


async def page(
    request: Request,
    title: str,
    panels: Sequence[str] = (),
    template: str = "watchfloor/page.html",
    *,
    last: str = DEFAULT,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """A page in the shell.

    `panels` names cards as `<plugin>/<name>`; they show the range of the request's address, `last` where it
    names none. `template` is `<plugin>/<file>` and gets `context`, `cards` and `range`; by default it is a
    grid of the cards.
    """
    web, query = web_of(request), query_of(request, last)
    # The position is read before the numbers: the page asks the live stream for what came after it.
    shown = await read_status(web.redis, web.site.settings)
    cards = [] if shown.trouble else await _cards(web, panels, query, shown)
    ranged = any(web.panels[name].panel.ranged for name in panels)
    parts = {"title": title, "cards": cards, "ranged": ranged, "owners": _owners(request, panels)}
    return _render(request, shown, template, {**context, **parts, "range": query.range}, query, status)


async def _cards(web: Web, panels: Sequence[str], query: Query, shown: Status) -> list[Markup]:
    try:
        return await render_panels(web, panels, query, shown)
    except QueryError as error:
        raise senseless(error) from None


def query_of(request: Request, last: str = DEFAULT) -> Query:
    """What the request's address asks for; one that makes no sense is answered with a page."""
    web = web_of(request)
    try:
        return read_query(request.url.path, request.query_params, datetime.now(UTC), web.site.zone, last)
    except ValueError as error:
        raise senseless(error) from None


def senseless(error: ValueError) -> HTTPException:
    """What a request is answered with whose address cannot be understood."""
    return HTTPException(400, f"This address makes no sense: {error}.")


def plain_query(request: Request) -> Query:
    """What the request's address asks for, or the least that a page needs where it makes no sense."""
    now, zone = datetime.now(UTC), web_of(request).site.zone
    try:
        return read_query(request.url.path, request.query_params, now, zone, DEFAULT)
    except ValueError:
        return read_query(request.url.path, QueryParams(), now, zone, DEFAULT)


def _render(
    request: Request, shown: Status, template: str, context: Mapping[str, object], query: Query, status: int
) -> HTMLResponse:
    web = web_of(request)
    shell = {
        "request": request,
        "status": shown,
        "position": shown.position or web.hub.id,
        "navigation": web.navigation,
        "now": datetime.now(query.zone),
        "feeds_channel": FEEDS_CHANNEL,
        "query": query,
        "zone": query.zone,
        "site_zone": web.site.zone,
        "quick": QUICK,
    }
    html = web.templates.get_template(template).render({**context, **shell})
    return html_response(html, status)


def html_response(html: str, status: int = 200) -> HTMLResponse:
    """HTML; names in an old database may hold what is no character."""
    return HTMLResponse(html.encode(errors="replace"), status, headers={"cache-control": "no-store"})


def _owners(request: Request, panels: Sequence[str]) -> list[str]:
    """The plugins whose script and style a page needs: the route's own, and those of its panels."""
    own = getattr(request.state, "plugin", "")
    names = [own, *(name.partition("/")[0] for name in panels)]
    return list(dict.fromkeys(name for name in names if name))


async def message_page(
    request: Request, title: str, text: str, status: int, error_id: str = ""
) -> HTMLResponse:
    """A page that says one thing."""
    web = web_of(request)
    shown = await read_status(web.redis, web.site.settings)
    context = {"title": title, "text": text, "error_id": error_id, "owners": [], "ranged": False}
    return _render(request, shown, "watchfloor/message.html", context, plain_query(request), status)


_TITLES = {400: "Not understood", 404: "Not found", 405: "Not allowed"}
_TEXTS = {404: "There is no such page.", 405: "This address does not take that method."}


async def on_http_error(request: Request, error: Exception) -> Response:
    """The page for an error that a route raised on purpose."""
    if not isinstance(error, HTTPException):
        raise error
    code = error.status_code
    if code in (204, 304):
        return Response(status_code=code, headers=error.headers)
    if wanted(request):
        return problem(request.scope, code, error.detail, error.headers)
    text = _TEXTS.get(code, error.detail)
    answer = await message_page(request, _TITLES.get(code, f"Error {code}"), text, code)
    answer.headers.update(error.headers or {})
    return answer


async def on_crash(request: Request, error: Exception) -> Response:
    """The answer to an error that nobody foresaw. It is made outside of all middleware."""
    web, where = web_of(request), f"{request.method} {request.url.path}"
    error_id, text = web.errors.keep(error, "watchfloor", where, "page"), f"{errors.reason(error)}."
    if wanted(request):
        answer = problem(request.scope, 500, f"Something went wrong: {text}", error_id=error_id)
    else:
        answer = await message_page(request, "Something went wrong", text, 500, error_id)
    answer.headers.update(HEADERS)
    web.requests.count(request.url.path, 500)
    return answer
