"""The page of trendings, its panels and its routes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchfloor import Panel, ask, page
from watchfloor_trendings import courses, lists, sightings
from watchfloor_trendings.asked import RANK, follow, followed
from watchfloor_trendings.keys import LISTS
from watchfloor_trendings.search import search_json, search_page

_CARDS = (
    *(f"trendings/{name}" for kind in LISTS for name in (kind, f"{kind}-course")),
    "trendings/sightings",
    "trendings/timeline",
)


def panels(rows: int) -> list[Panel]:
    """Every panel, lists with so many rows."""
    return [*lists.panels(rows), *courses.panels(rows), sightings.panel()]


async def _page(request: Request) -> Response:
    asked = ask(request, RANK, *(follow(kind) for kind in LISTS))
    return await page(
        request,
        "Trendings",
        _CARDS,
        "trendings/page.html",
        kinds=tuple(LISTS),
        followed={kind: followed(asked, kind) for kind in LISTS},
        weighted=asked.option(RANK.name) == "weighted",
    )


ROUTES = (
    Route("/", _page, name="page"),
    Route("/search", search_page, name="search"),
    Route("/search.json", search_json, name="search.json"),
)
