"""The live stream as the web process serves it: counted, and only so many for one address."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from watchfloor.web.problem import problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from watchfloor.live import Stream
    from watchfloor.web.state import Web

_LATER = "30"  # seconds after which a client that was refused may try again


class Streams:
    """ASGI endpoint around a `Stream`. It wraps nothing that runs for each item."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say why not."""
        web: Web = scope["state"]["web"]
        address = _address(scope)
        status, text = self._stream.refusal(scope) or self._too_many(web, address) or (200, "")
        web.requests.count(scope["path"], status)
        if text:
            headers = {"retry-after": _LATER} if status == 429 else None
            await problem(scope, status, text, headers)(scope, receive, send)
            return
        self._open[address] += 1
        try:
            await self._stream(scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _too_many(self, web: Web, address: str) -> tuple[int, str] | None:
        most = web.site.settings.web.streams_per_client
        if self._open[address] < most:
            return None
        return (
            429,
            f"{most} live streams are open from this address: close some, or raise web.streams_per_client",
        )


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""
