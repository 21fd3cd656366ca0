"""What a plugin's routes need to make pages: exported by `watchfloor`, and nothing else of the web is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.web.cards import ask_of
from watchfloor.web.pages import page, page_range

if TYPE_CHECKING:
    from starlette.requests import Request

    from watchfloor.contracts import Ask

__all__ = ["ask", "page"]


def ask(request: Request) -> Ask:
    """What a request asks for: its range of days (`?days=7`, or `?from=2026-11-01&to=2026-11-22`), the
    query's other options, and the connection to read with. The default is the last 7 days.

    A range that makes no sense is answered with a page that says what to write instead.
    """
    return ask_of(request, page_range(request))
