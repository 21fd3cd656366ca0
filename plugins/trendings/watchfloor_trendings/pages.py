"""The page of trendings and its panels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchfloor import Ask, Channel, Column, Figure, Panel, View, page
from watchfloor_trendings import trends
from watchfloor_trendings.keys import LISTS

TITLES = {
    "events": "Most active events",
    "categories": "Most active categories",
    "tags": "Most active tags",
    "discussions": "Most discussed events",
}
TOPICS = {
    "events": ("misp_json", "misp_json_event"),
    "categories": ("misp_json_attribute", "misp_json"),
    "tags": ("misp_json_attribute", "misp_json"),
    "discussions": ("misp_json_conversation",),
}
CHANNELS = {kind: Channel(kind, replay=1) for kind in (*LISTS, "sightings")}


COLUMNS = (Column("label", "What"), Column("count", "Count", "number"))


def panels(rows: int) -> list[Panel]:
    """One panel a kind, each with so many rows."""
    lists = [
        Panel(
            kind,
            title,
            _list(kind, rows),
            columns=COLUMNS,
            template="top.html",
            channel=CHANNELS[kind],
            topics=TOPICS[kind],
        )
        for kind, title in TITLES.items()
    ]
    return [
        *lists,
        Panel(
            "sightings",
            "Sightings and false positives",
            _sightings,
            channel=CHANNELS["sightings"],
            topics=("misp_json_sighting",),
        ),
    ]


def _list(kind: str, rows: int) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        found = await trends.top(ask.redis, LISTS[kind], ask.days, tag=kind == "tags")
        total = sum(row.count for row in found)
        return View(
            rows=[(row.label, row.count) for row in found[:rows]],
            left_out=len(found[rows:]),
            context={"kind": kind, "top": found[:rows], "total": total, "distinct": len(found)},
        )

    return data


async def _sightings(ask: Ask) -> View:
    totals = await trends.sightings(ask.redis, ask.days)
    return View(
        figures=[
            Figure("sightings", "sightings", totals["sightings"]),
            Figure("false_positives", "false positives", totals["false_positives"]),
        ]
    )


async def _page(request: Request) -> Response:
    return await page(request, "Trendings", [f"trendings/{kind}" for kind in (*TITLES, "sightings")])


ROUTES = (Route("/", _page, name="page"),)
