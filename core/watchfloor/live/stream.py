"""The endpoint that browsers listen on: `GET /live?channels=trendings/tags,hello/orgs`.

Plain ASGI: a response object per stream, a task per wait or a timer per item would cost more than
the sending itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse, Response

from watchfloor.live.items import Position, parse_position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from watchfloor.live.client import Client
    from watchfloor.live.hub import Hub

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Stream:
    """Serves a hub's channels as server-sent events.

    `channels` names them, separated by commas. `Last-Event-ID`, or `last` where a page starts from
    what it was rendered with, resumes; `replay=1` adds each channel's replayed items to that.
    """

    def __init__(self, hub: Callable[[Scope], Hub]) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, until the browser goes or the process stops."""
        hub = self._hub(scope)
        query = QueryParams(scope["query_string"])
        names = tuple(dict.fromkeys(name for name in query.get("channels", "").split(",") if name))
        header = Headers(scope=scope).get("last-event-id")
        try:
            last = _position(header or query.get("last"))
        except ValueError as error:
            await PlainTextResponse(f"{error}\n", 400)(scope, receive, send)
            return
        if refusal := _refusal(names, hub.channels):
            await refusal(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] != "HEAD":
            client = hub.subscribe(names, last, replay=not header and query.get("replay") == "1")
            try:
                await _serve(client, receive, send)
            finally:
                hub.unsubscribe(client)
        await send({"type": "http.response.body"})


def _position(text: str | None) -> Position | None:
    return parse_position(text) if text else None


def _refusal(names: Sequence[str], known: Sequence[str]) -> Response | None:
    listed = ", ".join(known) or "none"
    if not names:
        return PlainTextResponse(f"name the channels: /live?channels=... (known: {listed})\n", 400)
    unknown = [name for name in names if name not in known]
    if unknown:
        return PlainTextResponse(f"there is no live channel '{unknown[0][:100]}' (known: {listed})\n", 404)
    return None


async def _serve(client: Client, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_close_when_gone(client, receive))
    try:
        while chunk := await client.next():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        gone.cancel()


async def _close_when_gone(client: Client, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.close()
