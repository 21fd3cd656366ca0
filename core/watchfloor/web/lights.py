"""The feeds' lights, told to the browsers that look at them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from watchfloor.web.pages import FEEDS_CHANNEL
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from watchfloor.config import Settings
    from watchfloor.live import Hub
    from watchfloor.store.clients import AsyncRedis

_EVERY = 2.0  # seconds between two looks
_AT_LEAST = 5.0  # seconds after which they are told though they did not change: numbers did


class Lights:
    """Looks at the feeds while somebody listens, and publishes their states on a local channel."""

    def __init__(self, redis: AsyncRedis, hub: Hub, settings: Settings) -> None:
        self._redis = redis
        self._hub = hub
        self._settings = settings
        self._told: object = None
        self._at = 0.0

    async def run(self) -> None:
        """Do so, for ever."""
        while True:
            if self._hub.listeners(FEEDS_CHANNEL):
                await self.look()
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """Publish the states if they changed, or were not told for long."""
        status = await read_status(self._redis, self._settings)
        states = (status.trouble, [feed.state for feed in status.feeds])
        if states != self._told or time.monotonic() - self._at >= _AT_LEAST:
            lights = [feed.light for feed in status.feeds]
            told = {"at": time.time(), "trouble": status.trouble, "feeds": lights}
            self._hub.publish_local(FEEDS_CHANNEL, told)
            self._told, self._at = states, time.monotonic()
