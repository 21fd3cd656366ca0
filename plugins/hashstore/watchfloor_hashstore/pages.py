"""The routes of the hash store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchfloor import LargeRoute, ask, page
from watchfloor_hashstore.counting import Counter
from watchfloor_hashstore.desk import Desk
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.serving import Serving
from watchfloor_hashstore.settings import Settings

_CARDS = ("hashstore/store", "hashstore/lookups")


def routes(settings: Settings, pool: Pool) -> Sequence[BaseRoute]:
    """Everything below `/hashstore/`."""
    desk, counter = Desk(pool), Counter(pool)
    pool.at_end(counter.stop)
    pool.at_end(desk.stop)
    serving = Serving(desk, counter, settings.limits)

    async def shown(request: Request) -> Response:
        misp = misp_of(settings, ask(request).misp)
        most = settings.limits.values
        return await page(request, "Hash store", _CARDS, "hashstore/page.html", misp=misp, most=most)

    body = settings.limits.body
    return [
        Route("/", shown, name="page"),
        LargeRoute("/lookup", serving.lookup, most=body, name="lookup"),
        LargeRoute("/json", serving.old, most=body, name="json"),
    ]


def misp_of(settings: Settings, feeds: Mapping[str, str]) -> str:
    """Where the events that hits name are shown: ids belong to one instance, so "" where it is not clear.

    >>> misp_of(Settings(), {"a": "https://a.example"})
    'https://a.example'
    >>> misp_of(Settings(), {"a": "https://a.example", "b": "https://b.example"})
    ''
    """
    if settings.misp_url:
        return settings.misp_url.rstrip("/")
    if settings.feed is not None:
        return feeds.get(settings.feed, "")
    addresses = set(feeds.values())
    return addresses.pop() if len(addresses) == 1 else ""
