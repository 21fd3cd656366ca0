"""The one reader of live items in a web process, and the browsers that it hands them to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from watchfloor.live.client import Client
from watchfloor.live.items import START, Item, Position, Track, event, opening, read_item, show_position
from watchfloor.store.keys import LIVE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from watchfloor.config.settings import LiveSettings
    from watchfloor.contracts import Channel, Key
    from watchfloor.store.clients import AsyncRedis

log = logging.getLogger(__name__)

_BLOCK = 2.0  # seconds that a read waits for items, at most; less than the connection's timeout
_PAUSE = 0.25  # seconds between two tries while Redis is away


class Hub:
    """Follows the channels `<plugin>/<name>` and hands their items to the browsers that asked.

    Reading goes on from the last item read, so nothing is lost while Redis is away. `local` channels
    have no stream: they hold a state that this process publishes, and a new browser gets the latest.
    `items` counts what was read, `away` tells that Redis does not answer.
    """

    def __init__(
        self,
        redis: AsyncRedis,
        channels: Mapping[str, Channel],
        settings: LiveSettings,
        timeout: float = 5.0,
        local: Collection[str] = (),
    ) -> None:
        self._redis = redis
        self._settings = settings
        self._block = int(min(_BLOCK, timeout / 2) * 1000)
        self._tracks = {name: Track(name, c.replay, settings.history) for name, c in channels.items()}
        self._keys: dict[Key, str] = {_key(name): name for name in channels}
        self._names = {redis.prefix + key: name for key, name in self._keys.items()}
        self._states = dict.fromkeys(local, b"")
        self._clients: dict[str, set[Client]] = {name: set() for name in (*channels, *local)}
        self._waiting: dict[Client, tuple[Collection[str], Position | None, bool]] = {}
        self._loaded = not channels
        self._closed = False
        self._dropped = 0
        self.position: Position = START
        self.items = 0
        self.away = False

    @property
    def channels(self) -> tuple[str, ...]:
        """The name of every channel."""
        return tuple(self._clients)

    @property
    def id(self) -> str:
        """The id of the last item read, over all channels."""
        return show_position(self.position)

    def version(self, channel: str) -> Position | bytes:
        """Changes whenever something comes on a channel."""
        track = self._tracks.get(channel)
        return track.last if track else self._states[channel]

    @property
    def browsers(self) -> int:
        """How many browsers follow something."""
        return len(self._everyone())

    @property
    def dropped(self) -> int:
        """How many items were left out for browsers that read too slowly."""
        return self._dropped + sum(client.lost for client in self._everyone())

    def listeners(self, channel: str) -> int:
        """How many browsers follow a channel."""
        return len(self._clients[channel])

    def subscribe(
        self, channels: Collection[str], last: Position | None = None, *, replay: bool = False
    ) -> Client:
        """A browser that follows these channels; its first chunk is the opening (see `opening`)."""
        client = Client(self._settings.queue)
        if self._closed:
            client.close()
        elif self._loaded:
            self._open(client, channels, last, replay)
        else:
            # Without the history, resuming would look like a gap. It waits until Redis answers.
            self._waiting[client] = (channels, last, replay)
        return client

    def _open(self, client: Client, channels: Collection[str], last: Position | None, replay: bool) -> None:
        tracks = [self._tracks[name] for name in channels if name in self._tracks]
        states = [self._states[name] for name in channels if name in self._states]
        client.offer(opening(tracks, last, replay=replay) + b"".join(states))
        for name in channels:
            self._clients[name].add(client)

    def unsubscribe(self, client: Client) -> None:
        """Forget a browser."""
        self._dropped += client.lost
        client.lost = 0
        self._waiting.pop(client, None)
        for clients in self._clients.values():
            clients.discard(client)

    def publish_local(self, channel: str, state: object) -> None:
        """Tell the followers of a local channel its new state."""
        self._states[channel] = frame = event(channel, state)
        for client in self._clients[channel]:
            client.offer(frame)

    def close(self) -> None:
        """End every stream, now and from now on: the process is about to stop."""
        self._closed = True
        for client in self._everyone():
            client.close()

    def _everyone(self) -> set[Client]:
        return set(self._waiting).union(*self._clients.values())

    async def beat(self) -> None:
        """Send a heartbeat to every browser, for ever."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_seconds)
            for client in self._everyone():
                client.beat()

    async def run(self) -> None:
        """Follow the streams, for ever; Redis being away is waited out."""
        while True:
            try:
                await self._read()
                if self.away:
                    log.info("live: Redis is back")
                self.away = False
            except (RedisError, OSError) as error:
                if not self.away:
                    log.warning("live: Redis is away (%s); trying again", error)
                self.away = True
                await asyncio.sleep(_PAUSE)

    async def _read(self) -> None:
        """Wait for items and take all there are.

        The blocking read only tells that there are some: older servers answer it with the stream that
        woke it and no other, while positions must grow over all channels.
        """
        if not self._keys:
            await asyncio.sleep(_BLOCK)
        elif not self._loaded or await self._redis.xread(self._last(), count=1, block=self._block):
            self._take(await self._redis.xread(self._last()))
        self._loaded = True
        while self._waiting:
            client, asked = self._waiting.popitem()
            self._open(client, *asked)

    def _last(self) -> dict[Any, Any]:
        return {key: show_position(self._tracks[name].last) for key, name in self._keys.items()}

    def _take(self, reply: Any) -> None:
        items = [
            read_item(self._names[stream], entry, fields)
            for stream, entries in reply
            for entry, fields in entries
        ]
        for item in sorted(items):
            self._hand_out(item)

    def _hand_out(self, item: Item) -> None:
        self._tracks[item.channel].items.append(item)
        self.items += 1
        self.position = max(self.position, item.position)
        whole = item.whole
        for client in self._clients[item.channel]:
            client.offer(whole)


def _key(name: str) -> Key:
    plugin, _, channel = name.partition("/")
    return LIVE(plugin=plugin, channel=channel)
