"""The live page, and the page on how everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.web.health.checks import CORE, examine
from watchfloor.web.health.panels import NAMES
from watchfloor.web.pages import page
from watchfloor.web.state import web_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LIVE_RANGE = "48h"


async def home(request: Request) -> Response:
    """`/`: what happens now; every panel that its plugin puts there."""
    panels = [name for name, owned in web_of(request).panels.items() if owned.panel.home]
    return await page(request, "Live", panels, "watchfloor/home.html", last=LIVE_RANGE)


async def status_page(request: Request) -> Response:
    """`/status`: how everything is. Without Redis there are no cards: then the hops stand by themselves."""
    panels = [f"{CORE}/{name}" for name in NAMES]
    hops = await examine(web_of(request))
    return await page(request, "Health", panels, "watchfloor/status.html", hops=hops)
