"""The endpoint that browsers listen on: `GET /live?channels=trendings/tags,hello/orgs`.

Plain ASGI: a response object per stream, a task per wait or a timer per item would cost more than
the sending itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, QueryParams

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
        """Answer a request that is not refused, until the browser goes or the process stops."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] != "HEAD":
            await self._follow(scope, receive, send)
        await send({"type": "http.response.body"})

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the reason with which a request is refused, or None."""
        try:
            _position(scope)
        except ValueError as error:
            return 400, f"{error}"
        return _refusal(_names(scope), self._hub(scope).channels)

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub, (last, resumes) = self._hub(scope), _position(scope)
        replay = not resumes and QueryParams(scope["query_string"]).get("replay") == "1"
        client = hub.subscribe(_names(scope), last, replay=replay)
        try:
            await _serve(client, receive, send)
        finally:
            hub.unsubscribe(client)


def _names(scope: Scope) -> tuple[str, ...]:
    named = QueryParams(scope["query_string"]).get("channels", "").split(",")
    return tuple(dict.fromkeys(name for name in named if name))


def _position(scope: Scope) -> tuple[Position | None, bool]:
    """Where the stream begins, and whether the browser resumes by itself; ValueError if that is nowhere."""
    header = Headers(scope=scope).get("last-event-id")
    text = header or QueryParams(scope["query_string"]).get("last")
    return parse_position(text) if text else None, bool(header)


def _refusal(names: Sequence[str], known: Sequence[str]) -> tuple[int, str] | None:
    listed = ", ".join(known) or "none"
    if not names:
        return 400, f"name the channels: /live?channels=... (known: {listed})"
    unknown = [name for name in names if name not in known]
    if unknown:
        return 404, f"there is no live channel '{unknown[0][:100]}' (known: {listed})"
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
