"""The routes of the hash store."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchfloor import page
from watchfloor_hashstore.counting import Counter
from watchfloor_hashstore.desk import Desk
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.serving import Serving
from watchfloor_hashstore.settings import Settings


def routes(settings: Settings, pool: Pool) -> Sequence[BaseRoute]:
    """Everything below `/hashstore/`."""
    desk, counter = Desk(pool), Counter(pool)
    pool.at_end(counter.stop)
    pool.at_end(desk.stop)
    serving = Serving(desk, counter, settings.limits)

    async def shown(request: Request) -> Response:
        names = ["hashstore/store", "hashstore/lookups"]
        link = settings.misp_url.rstrip("/")
        return await page(request, "Hash store", names, "hashstore/page.html", misp_url=link)

    return [
        Route("/", shown, name="page"),
        Route("/lookup", serving.lookup, methods=["POST"], name="lookup"),
        Route("/json", serving.old, methods=["POST"], name="json"),
    ]
