"""What a request may be: the length of its address and headers, and of its body, however that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from watchfloor.web.problem import problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = 8 * 1024
"""Bytes that an address may have, its parameters included."""
HEADERS = 32 * 1024
"""Bytes that all headers of a request may have."""


class Intake:
    """ASGI middleware that refuses requests which are too large; a body may have `most` bytes."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one that sends a body gets it through a count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            await refusal(scope, receive, send)
        elif "transfer-encoding" in headers:
            await self._app(scope, _Counted(receive, self._most), send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > ADDRESS:
            return _refused(scope, 414, f"An address may have {ADDRESS} bytes.")
        if sum(len(name) + len(value) for name, value in headers.raw) > HEADERS:
            return _refused(scope, 431, f"The headers of a request may have {HEADERS} bytes.")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._most:
            return _refused(scope, 413, too_large(self._most))
        return None


def _refused(scope: Scope, status: int, text: str) -> Response:
    """An answer after which the connection ends: what the client still sends is not wanted."""
    return problem(scope, status, text, {"connection": "close"})


def too_large(most: int) -> str:
    """What is wrong with a body."""
    return f"A body may have {most} bytes: send less, or raise web.max_body."


class _Counted:
    """Receives a body whose length was not told; HTTPException when it is too large."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._came = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._came += len(message.get("body", b""))
        if self._came > self._most:
            raise HTTPException(413, too_large(self._most), {"connection": "close"})
        return message
