"""What a request may be: the length of its address and headers, and of its body, however that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.exceptions import HTTPException
from starlette.routing import Route

from watchfloor.web.problem import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = 8 * 1024
"""Bytes that an address may have, its parameters included."""
HEADERS = 32 * 1024
"""Bytes that all headers of a request may have."""


class LargeRoute(Route):
    """A route that takes larger bodies than `web.max_body` lets in, or smaller ones: of `most` bytes."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        most: int,
        methods: Collection[str] = ("POST",),
        name: str | None = None,
    ) -> None:
        super().__init__(path, endpoint, methods=methods, name=name)
        self.most = most


class Intake:
    """ASGI middleware that refuses requests which are too large.

    A body may have `most` bytes, or what its route says: `routes` are those of plugins, by mount.
    """

    def __init__(self, app: ASGIApp, most: int, routes: Mapping[str, Sequence[BaseRoute]]) -> None:
        self._app = app
        self._otherwise = Limit(most, "send less, or raise web.max_body")
        self._large = [
            (mount, route)
            for mount, mounted in routes.items()
            for route in mounted
            if isinstance(route, LargeRoute)
        ]
        self._least = min([most, *(route.most for _, route in self._large)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one that sends a body gets it through a count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, length, chunked = _told(scope["headers"])
        if refusal := self._refusal(scope, size, length):
            await refusal(scope, receive, send)
        elif chunked:
            await self._app(scope, _Counted(receive, self._limit(scope)), send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, size: int, length: int) -> Response | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > ADDRESS:
            return _refused(scope, 414, f"An address may have {ADDRESS} bytes.")
        if size > HEADERS:
            return _refused(scope, 431, f"The headers of a request may have {HEADERS} bytes.")
        if length > self._least and length > (limit := self._limit(scope)).most:
            return _refused(scope, 413, limit.text)
        return None

    def _limit(self, scope: Scope) -> Limit:
        path: str = scope["path"]
        for mount, route in self._large:
            if path.startswith(mount) and route.path_regex.match(path.removeprefix(mount)):
                return Limit(route.most, "send less at a time")
        return self._otherwise


def _told(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, int, bool]:
    """The bytes that headers have, the length of the body that they tell, and whether it comes in chunks."""
    size, length, chunked = 0, b"", False
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"content-length":
            length = length or value
        elif name == b"transfer-encoding":
            chunked = True
    return size, int(length) if length.isdigit() else 0, chunked


def _refused(scope: Scope, status: int, text: str) -> Response:
    """An answer after which the connection ends: what the client still sends is not wanted."""
    return problem(scope, status, text, {"connection": "close"})


class Limit(NamedTuple):
    """How many bytes a body may have, and what to do about one that has more."""

    most: int
    advice: str

    @property
    def text(self) -> str:
        """What is wrong with a body that has more."""
        return f"A body may have {self.most} bytes: {self.advice}."


class _Counted:
    """Receives a body whose length was not told; HTTPException when it is too large."""

    def __init__(self, receive: Receive, limit: Limit) -> None:
        self._receive = receive
        self._limit = limit
        self._came = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._came += len(message.get("body", b""))
        if self._came > self._limit.most:
            raise HTTPException(413, self._limit.text, {"connection": "close"})
        return message
