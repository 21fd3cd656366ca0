"""The boundary around a plugin's routes: what they raise, and how long they take, is theirs alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from watchfloor.web import errors
from watchfloor.web.limits import within
from watchfloor.web.pages import message_page
from watchfloor.web.problem import problem, wanted
from watchfloor.web.state import web_of

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 10.0  # in which a response must begin; a stream may go on for ever


class Boundary:
    """ASGI middleware around the routes of one plugin."""

    def __init__(self, app: ASGIApp, plugin: str) -> None:
        self._app = app
        self._plugin = plugin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with an error page that names the plugin if its route does not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["state"]["plugin"] = self._plugin
        relay = _Relay(send)
        try:
            await within(SECONDS, self._run(scope, receive, relay), relay.begun)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 (a plugin's error must not take the site down)
            relay.cut()
            await self._tell(error, relay, Request(scope, receive), send)

    async def _run(self, scope: Scope, receive: Receive, relay: _Relay) -> None:
        await self._app(scope, receive, relay)

    async def _tell(self, error: Exception, relay: _Relay, request: Request, send: Send) -> None:
        where = f"{request.method} {request.url.path}"
        error_id = web_of(request).errors.keep(error, self._plugin, where, "route")
        if relay.begun.done():
            return  # the server sees that the response has no end, and cuts the connection
        text = (
            f"Plugin '{self._plugin}' could not answer: {errors.reason(error)}. The rest of the site goes on."
        )
        if wanted(request):
            answer: Response = problem(request.scope, 500, text, plugin=self._plugin, error_id=error_id)
        else:
            answer = await message_page(request, "This page is broken", text, 500, error_id)
        await answer(request.scope, request.receive, send)


class _Relay:
    """Passes a response on, until it is cut: work that was left behind must not speak any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._cut = False
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __call__(self, message: Message) -> None:
        if self._cut:
            raise OSError("the request was answered without this")
        if not self.begun.done():
            self.begun.set_result(None)
        await self._send(message)

    def cut(self) -> None:
        self._cut = True
