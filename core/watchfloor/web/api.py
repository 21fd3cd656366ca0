"""What a plugin's routes need to make pages: exported by `watchfloor`, and nothing else of the web is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.contracts import Ask
from watchfloor.web.pages import page, page_range
from watchfloor.web.ranges import PARAMETERS
from watchfloor.web.state import web_of

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["ask", "page"]


def ask(request: Request) -> Ask:
    """What a request asks for: its range of days (`?days=7`, or `?from=2026-11-01&to=2026-11-22`), the
    query's other options, and the connection to read with. The default is the last 7 days.

    A range that makes no sense is answered with a page that says what to write instead.
    """
    days = page_range(request)
    options = {name: value for name, value in request.query_params.items() if name not in PARAMETERS}
    return Ask(web_of(request).redis, days.start, days.end, options)
