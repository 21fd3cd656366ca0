"""The routes of the hash store."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

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
    return [
        Route("/lookup", serving.lookup, methods=["POST"], name="lookup"),
        Route("/json", serving.old, methods=["POST"], name="json"),
    ]
