"""The page of trendings and its panels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchfloor import Ask, Channel, Panel, page
from watchfloor_trendings import trends
from watchfloor_trendings.keys import LISTS

TITLES = {
    "events": "Most active events",
    "categories": "Most active categories",
    "tags": "Most active tags",
    "discussions": "Most discussed events",
}
CHANNELS = {kind: Channel(kind, replay=1) for kind in (*LISTS, "sightings")}


def panels(rows: int) -> list[Panel]:
    """One panel a kind, each with so many rows."""
    lists = [
        Panel(kind, title, "top.html", _list(kind, rows), CHANNELS[kind]) for kind, title in TITLES.items()
    ]
    return [
        *lists,
        Panel(
            "sightings", "Sightings and false positives", "sightings.html", _sightings, CHANNELS["sightings"]
        ),
    ]


def _list(kind: str, rows: int) -> Callable[[Ask], Awaitable[Mapping[str, object]]]:
    async def data(ask: Ask) -> Mapping[str, object]:
        found = await trends.top(ask.redis, LISTS[kind], ask.days, tag=kind == "tags")
        return {
            "kind": kind,
            "rows": found[:rows],
            "total": sum(row.count for row in found),
            "distinct": len(found),
        }

    return data


async def _sightings(ask: Ask) -> Mapping[str, object]:
    return await trends.sightings(ask.redis, ask.days)


async def _page(request: Request) -> Response:
    return await page(request, "Trendings", [f"trendings/{kind}" for kind in (*TITLES, "sightings")])


ROUTES = (Route("/", _page, name="page"),)
