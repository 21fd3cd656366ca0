"""How many requests there were, by the kind of address and the status of the answer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMED = {
    "": "page", "status": "page", "panel": "panel", "api": "api", "static": "static", "live": "live",
    "health": "health", "ready": "health", "metrics": "health",
}  # fmt: skip


class Requests:
    """Counts by the kind of address ("page", "panel", "api", ..., "plugin", "other") and status."""

    def __init__(self, plugins: Collection[str]) -> None:
        self._kinds = {**_NAMED, **dict.fromkeys(plugins, "plugin")}
        self.counts: Counter[tuple[str, str]] = Counter()

    def count(self, path: str, status: int) -> None:
        """Count an answer."""
        first = path.lstrip("/").partition("/")[0]
        self.counts[self._kinds.get(first, "other"), str(status)] += 1


class Counting:
    """ASGI middleware that counts what is answered, but for the live stream, which counts itself."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count its answer."""
        if scope["type"] != "http" or scope["path"] == "/live":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.count(scope["path"], message["status"])
            await send(message)

        await self._app(scope, receive, counted)
