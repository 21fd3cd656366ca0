"""One browser on the stream: what waits to be sent to it, never more than a bound."""

from __future__ import annotations

import asyncio
from collections import deque

from watchfloor.live.items import HEARTBEAT, event


class Client:
    """The queue of one browser. A browser that reads too slowly gets the newest, and a count of the rest.

    `lost` counts all that it did not get.
    """

    def __init__(self, limit: int) -> None:
        self._frames: deque[bytes] = deque(maxlen=limit)
        self._dropped = self.lost = 0
        self._closed = False
        self._wake = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Queue a frame, in place of the oldest when the queue is full."""
        if len(self._frames) == self._frames.maxlen:
            self._dropped += 1
            self.lost += 1
        self._frames.append(frame)
        self._wake.set()

    def beat(self) -> None:
        """Show the browser, and every proxy between, that the connection is in use."""
        self._wake.set()

    def close(self) -> None:
        """End the stream, with what waits unsent: a browser that comes back resumes."""
        self._closed = True
        self._wake.set()

    async def next(self) -> bytes:
        """Everything that waits, as one chunk, as soon as there is something; b"" at the end."""
        await self._wake.wait()
        self._wake.clear()
        if self._closed:
            return b""
        told = event("watchfloor/dropped", {"count": self._dropped}) if self._dropped else b""
        chunk = told + b"".join(self._frames)
        self._frames.clear()
        self._dropped = 0
        return chunk or HEARTBEAT
