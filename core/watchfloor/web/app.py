"""The web application of a site."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount, Route

from watchfloor.live import Hub, Stream
from watchfloor.store.connect import connect_async
from watchfloor.web.boundary import Boundary
from watchfloor.web.cards import render_panels
from watchfloor.web.errors import Errors
from watchfloor.web.headers import SecurityHeaders
from watchfloor.web.health.checks import AGE
from watchfloor.web.health.metrics import metrics
from watchfloor.web.health.panels import core_panels
from watchfloor.web.health.ready import alive, readiness
from watchfloor.web.home import home, status_page
from watchfloor.web.intake import Intake
from watchfloor.web.lights import Lights
from watchfloor.web.names import check_names
from watchfloor.web.pages import FEEDS_CHANNEL, html_response, on_crash, on_http_error, query_of
from watchfloor.web.query import QueryError
from watchfloor.web.requests import Counting, Requests
from watchfloor.web.rest.documented import documented
from watchfloor.web.rest.routes import ROUTES as API
from watchfloor.web.shared import Shared
from watchfloor.web.state import OwnedPanel, Web, navigation, web_of
from watchfloor.web.static import Static
from watchfloor.web.status import read_status
from watchfloor.web.streams import Streams
from watchfloor.web.tasks import running
from watchfloor.web.templating import environment
from watchfloor.web.views import AT_ONCE
from watchfloor.web.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.types import Scope

    from watchfloor.contracts import Channel
    from watchfloor.plugins import Plugin
    from watchfloor.site import Site

SMALL = (Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),)
"""Around everything but the live stream, whose thousands of clients each would pay for it."""


def create_app(site: Site, redis_url: str) -> Starlette:
    """The application: pages, panels, live stream and static files.

    PluginError when a plugin's name, panels, channels or routes cannot be served. Redis may come and go.
    """
    check_names(site.plugins)
    documented(site.plugins)
    static = Static(site.plugins)
    templates = environment(site.plugins, static)
    settings, requests = site.settings, Requests([plugin.name for plugin in site.plugins])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        redis = connect_async(settings.redis, redis_url, role="web")
        local = (FEEDS_CHANNEL,)
        hub = Hub(redis, channels(site.plugins), settings.live, settings.redis.timeout, local)
        panels: dict[str, OwnedPanel] = {}
        web = Web(
            site, redis, hub, templates, static, panels, navigation(site.plugins),
            views=Shared(), errors=Errors(), health=Shared(AGE), requests=requests,
            turns=defaultdict(lambda: asyncio.Semaphore(AT_ONCE)),
        )  # fmt: skip
        panels |= {owned.name: owned for owned in (*core_panels(web), *plugin_panels(site.plugins))}
        watchdog = Watchdog(site.plugins, web.errors)
        work = (hub.run(), hub.beat(), Lights(redis, hub, settings).run(), watchdog.run())
        with site.resources.entered(settings.redis, redis_url):
            async with redis, running(*work):
                yield {"web": web}
                hub.close()

    return Starlette(
        routes=routes(site.plugins, static),
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Counting, requests=requests),
            Middleware(
                Intake,
                most=settings.web.max_body,
                routes={f"/{plugin.name}": plugin.routes for plugin in site.plugins},
            ),
        ],
        exception_handlers={HTTPException: on_http_error, Exception: on_crash},
        lifespan=lifespan,
    )


def routes(plugins: Sequence[Plugin], static: Static) -> list[Route | Mount]:
    """Every route: each plugin's behind its boundary, then the core's.

    They are tried in order, and what programs ask for by the thousand is a plugin's. No name is in both.
    """
    return [
        *(
            Mount(
                f"/{plugin.name}",
                routes=plugin.routes,
                name=plugin.name,
                middleware=[*SMALL, Middleware(Boundary, plugin=plugin.name)],
            )
            for plugin in plugins
        ),
        Route("/", home, name="home", middleware=SMALL),
        Route("/status", status_page, name="status", middleware=SMALL),
        Route("/live", Streams(Stream(_hub)), methods=["GET"], name="live"),
        Route("/panel/{plugin}/{name}", _panel, name="panel", middleware=SMALL),
        Route("/health", alive, name="health"),
        Route("/ready", readiness, name="ready"),
        Route("/metrics", metrics, name="metrics", middleware=SMALL),
        Mount("/api", routes=API, middleware=SMALL),
        *static.routes(SMALL),
    ]


def channels(plugins: Sequence[Plugin]) -> dict[str, Channel]:
    """Every live channel by its name `<plugin>/<channel>`."""
    return {f"{plugin.name}/{channel.name}": channel for plugin in plugins for channel in plugin.channels}


def plugin_panels(plugins: Sequence[Plugin]) -> list[OwnedPanel]:
    """Every plugin's panels, in the order of the configuration."""
    return [OwnedPanel(plugin.name, panel) for plugin in plugins for panel in plugin.panels]


def _hub(scope: Scope) -> Hub:
    web: Web = scope["state"]["web"]
    return web.hub


async def _panel(request: Request) -> Response:
    """One card: what pages fetch when its channel tells of something new."""
    web, name = web_of(request), f"{request.path_params['plugin']}/{request.path_params['name']}"
    if name not in web.panels:
        raise HTTPException(404)
    query = query_of(request)
    status = await read_status(web.redis, web.site.settings)
    try:
        (card,) = await render_panels(web, [name], query, status)
    except QueryError as error:
        raise HTTPException(400, f"{error}.") from None
    return html_response(card)
