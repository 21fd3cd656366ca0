from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from watchfloor.config.settings import LiveSettings, RedisSettings
from watchfloor.contracts import Channel
from watchfloor.live import Hub
from watchfloor.store.connect import connect, connect_async
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import LIVE
from watchfloor.web.tasks import running as beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from watchfloor.live.client import Client
    from watchfloor.store.clients import Redis

pytestmark = pytest.mark.anyio

CHANNELS = {"hello/orgs": Channel("orgs", replay=2), "hello/tags": Channel("tags")}
EVERY = tuple(CHANNELS)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def redis(redis_server: EmbeddedServer) -> Iterator[Redis]:
    with connect(RedisSettings(prefix="site1:"), redis_server.url, role="test") as client:
        client.flushall()
        yield client


def publish(redis: Redis, ms: int, channel: str = "orgs", history: int = 1000) -> None:
    key = LIVE(plugin="hello", channel=channel)
    redis.execute_command("XADD", key, "MAXLEN", history, f"{ms}-0", "d", json.dumps({"n": ms}))


@asynccontextmanager
async def running(
    url: str, settings: LiveSettings | None = None, local: tuple[str, ...] = ()
) -> AsyncIterator[Hub]:
    async with connect_async(RedisSettings(prefix="site1:"), url, role="test") as redis:
        hub = Hub(redis, CHANNELS, settings or LiveSettings(), local=local)
        async with beside(hub.run(), hub.beat()):
            yield hub


async def received(client: Client, count: int) -> list[int]:
    """The numbers of the next items, as many as asked for."""
    numbers: list[int] = []
    async with asyncio.timeout(10):
        while len(numbers) < count:
            numbers += numbers_in(await client.next())
    return numbers


def numbers_in(chunk: bytes) -> list[int]:
    lines = chunk.decode().splitlines()
    return [json.loads(line[6:])["n"] for line in lines if line.startswith('data: {"n"')]


async def test_items_of_several_channels_arrive_in_the_order_of_their_ids(
    redis: Redis, redis_server: EmbeddedServer
) -> None:
    async with running(redis_server.url) as hub:
        client = hub.subscribe(EVERY)
        await client.next()
        with redis.pipeline(transaction=True) as pipe:
            for ms in range(1, 101):
                key = LIVE(plugin="hello", channel="orgs" if ms % 3 else "tags")
                pipe.execute_command("XADD", key, f"{ms}-0", "d", json.dumps({"n": ms}))
            pipe.execute()
        for ms in range(101, 151):
            publish(redis, ms, "orgs" if ms % 2 else "tags")
        assert await received(client, 150) == list(range(1, 151))
        assert hub.id == "150-0"


async def test_only_channels_asked_for_arrive(redis: Redis, redis_server: EmbeddedServer) -> None:
    async with running(redis_server.url) as hub:
        client = hub.subscribe(["hello/tags"])
        await client.next()
        publish(redis, 1, "orgs")
        publish(redis, 2, "tags")
        assert await received(client, 1) == [2]


async def test_a_browser_that_comes_before_the_history_is_there_resumes_all_the_same(
    redis: Redis, redis_server: EmbeddedServer
) -> None:
    for ms in range(1, 6):
        publish(redis, ms)
    async with running(redis_server.url) as hub:
        early = hub.subscribe(EVERY, (3, 0))
        assert await received(early, 2) == [4, 5]
        late = hub.subscribe(EVERY, (1, 0))
        assert await received(late, 4) == [2, 3, 4, 5]
        new = hub.subscribe(EVERY)
        assert await received(new, 2) == [4, 5]


async def test_a_gap_is_told_when_the_history_does_not_reach_back(
    redis: Redis, redis_server: EmbeddedServer
) -> None:
    for ms in range(1, 11):
        publish(redis, ms, history=4)
    async with running(redis_server.url, LiveSettings(history=4)) as hub:
        chunk = await hub.subscribe(EVERY, (2, 0)).next()
        assert b'{"channel":"hello/orgs","missed":"some"}' in chunk
        assert numbers_in(chunk) == [7, 8, 9, 10]


async def test_a_slow_browser_is_told_how_many_it_lost(redis: Redis, redis_server: EmbeddedServer) -> None:
    async with running(redis_server.url, LiveSettings(queue=3)) as hub:
        slow, quick = hub.subscribe(EVERY), hub.subscribe(EVERY)
        await slow.next()
        await quick.next()
        for ms in range(1, 11):
            publish(redis, ms)
            assert await received(quick, 1) == [ms]
        chunk = await slow.next()
        assert b'event: watchfloor/dropped\ndata: {"count":7}' in chunk
        assert numbers_in(chunk) == [8, 9, 10]


async def test_nothing_is_lost_while_redis_is_away(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server:
        settings = RedisSettings(prefix="site1:")
        async with running(server.url) as hub:
            client = hub.subscribe(EVERY)
            await client.next()
            with connect(settings, server.url, role="test") as redis:
                publish(redis, 1)
            assert await received(client, 1) == [1]
            server.stop()
            server.start()
            with connect(settings, server.url, role="test") as redis:
                publish(redis, 2, "tags")
                publish(redis, 3)
            assert await received(client, 2) == [2, 3]


async def test_a_local_channel_tells_its_state_to_who_comes_and_who_is_there(
    redis: Redis, redis_server: EmbeddedServer
) -> None:
    async with running(redis_server.url, local=("watchfloor/feeds",)) as hub:
        first = hub.subscribe(["watchfloor/feeds"])
        await first.next()
        hub.publish_local("watchfloor/feeds", {"state": "alive"})
        expected = b'event: watchfloor/feeds\ndata: {"state":"alive"}\n\n'
        assert await first.next() == expected
        assert expected in await hub.subscribe(["watchfloor/feeds"]).next()
        assert hub.listeners("watchfloor/feeds") == 2


async def test_every_browser_gets_a_heartbeat(redis: Redis, redis_server: EmbeddedServer) -> None:
    async with running(redis_server.url, LiveSettings(heartbeat_seconds=0.05)) as hub:
        client = hub.subscribe(EVERY)
        await client.next()
        assert await client.next() == b":\n\n"


async def test_closing_ends_streams_that_are_there_and_that_come(
    redis: Redis, redis_server: EmbeddedServer
) -> None:
    async with running(redis_server.url) as hub:
        client = hub.subscribe(EVERY)
        await client.next()
        hub.close()
        assert await client.next() == b""
        assert await hub.subscribe(EVERY).next() == b""


async def test_a_browser_that_went_is_forgotten(redis: Redis, redis_server: EmbeddedServer) -> None:
    async with running(redis_server.url) as hub:
        client = hub.subscribe(EVERY)
        await client.next()
        assert hub.listeners("hello/orgs") == 1
        hub.unsubscribe(client)
        assert hub.listeners("hello/orgs") == 0
