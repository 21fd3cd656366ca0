"""The clients: what replies are, that nothing is ever sent twice, and the prefix before keys."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, WatchError

from watchfloor.config.settings import RedisSettings
from watchfloor.contracts import Key
from watchfloor.store.checks import check
from watchfloor.store.connect import connect, connect_async
from watchfloor.store.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from watchfloor.store.clients import AsyncRedis, Redis

PLAIN = RedisSettings()
SITE = RedisSettings(prefix="site:")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedServer(tmp_path_factory.mktemp("clients")) as running:
        yield running.url


@pytest.fixture
def redis(server: str) -> Iterator[Redis]:
    """A client with the prefix `site:`, of a database that is empty."""
    with connect(SITE, server, role="test") as client:
        client.flushdb()
        yield client


def with_async(url: str, work: Callable[[AsyncRedis], Awaitable[None]]) -> None:
    """Do the work with an asyncio client that has the prefix `site:`."""

    async def run() -> None:
        async with connect_async(SITE, url, role="test") as client:
            await work(client)

    asyncio.run(run())


def test_replies_are_bytes_and_the_connection_bears_its_role(server: str) -> None:
    with connect(PLAIN, server, role="worker") as client:
        assert client.echo("é") == "é".encode()
        assert client.client_getname() == "watchfloor-worker"
        assert client.where == server
        assert check(client) == []


def test_asyncio_replies_are_str_and_names_that_are_no_utf_8_survive(server: str) -> None:
    with connect(PLAIN, f"{server}?db=2", role="test") as client:
        client.set(b"caf\xe9", b"\xff!")

    async def work(client: AsyncRedis) -> None:
        assert await client.client_getname() == "watchfloor-test"
        (name,) = await client.keys()
        assert name == "caf\udce9"
        assert await client.get(name) == "\udcff!"
        async with client.pipeline() as pipe:
            pipe.delete(name)
            assert await pipe.execute() == [1]

    with_async(f"{server}?db=2", work)


@contextmanager
def loses_replies_to(command: bytes, upstream: str) -> Iterator[str]:
    """A proxy that passes everything on, and cuts the connection instead of the reply to `command`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, command, upstream.removeprefix("unix://")))
        thread.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/3"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener: socket.socket, command: bytes, upstream: str) -> None:
    while True:
        try:
            near = listener.accept()[0]
        except OSError:
            return
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(upstream)
            while request := near.recv(65536):
                far.sendall(request)
                reply = far.recv(65536)
                if command in request:
                    break
                near.sendall(reply)


def test_a_transaction_whose_reply_is_lost_is_not_repeated(server: str) -> None:
    with loses_replies_to(b"EXEC", server) as proxy:
        with connect(PLAIN, proxy, role="test") as client, pytest.raises(RedisConnectionError):
            client.pipeline().incr("sync").execute()

        async def work(client: AsyncRedis) -> None:
            pipe: Any = client.pipeline()
            with pytest.raises(RedisConnectionError):
                await pipe.incr("async").execute()

        with_async(proxy, work)
    with connect(PLAIN, f"{server}?db=3", role="test") as client:
        assert client.mget("sync", "async") == [b"1", b"1"]


def test_a_command_whose_reply_is_lost_is_not_repeated(server: str) -> None:
    with loses_replies_to(b"RPUSH", server) as proxy:
        with connect(PLAIN, proxy, role="test") as client, pytest.raises(RedisConnectionError):
            client.rpush("list", "once")
        with connect(PLAIN, f"{server}?db=3", role="test") as client:
            assert client.lrange("list", 0, -1) == [b"once"]


def test_an_idle_connection_that_died_is_replaced_unnoticed(redis: Redis) -> None:
    with connect(PLAIN, redis.where, role="idle") as client:
        client.ping()
        redis.client_kill_filter(_id=str(client.client_id()))
        assert client.ping()


def test_a_blocking_read_within_the_timeout_is_no_error(redis: Redis) -> None:
    assert redis.xread({Key("none"): "$"}, block=50) == []


def test_a_reply_that_does_not_come_is_an_error(redis: Redis) -> None:
    with connect(RedisSettings(timeout=0.1), redis.where, role="test") as client, pytest.raises(RedisError):
        client.blpop(["none"], timeout=5)


def test_keys_get_the_prefix_and_plain_strings_do_not(redis: Redis) -> None:
    redis.set(Key("a"), "a")
    redis.set("plain", Key("value"))
    redis.mset({Key("b"): 1, "c": 2})
    redis.rename(Key("b"), Key("d"))
    assert sorted(redis.keys()) == [b"c", b"plain", b"site:a", b"site:d"]
    assert redis.delete(Key("d"), "c") == 2
    assert redis.memory_usage(Key("a"))
    assert redis.object("encoding", Key("a")) == b"embstr"


def test_keys_inside_dictionaries_and_lists_get_it_too(redis: Redis) -> None:
    redis.zadd(Key("one"), {"x": 1})
    redis.zadd(Key("two"), {"x": 2})
    assert redis.zunion([Key("one"), Key("two")], withscores=True) == [(b"x", 3.0)]
    redis.zunionstore(Key("sum"), {Key("one"): 2, Key("two"): 3})
    assert redis.zscore("site:sum", "x") == 8
    redis.xadd(Key("stream"), {"k": "v"}, id="1-1")
    assert redis.xread({Key("stream"): "0"}) == [[b"site:stream", [(b"1-1", {b"k": b"v"})]]]
    redis.geoadd(Key("geo"), [6.13, 49.61, "here"])
    assert redis.geosearch(Key("geo"), longitude=6, latitude=49, radius=200, unit="km") == [b"here"]
    assert sorted(redis.keys()) == [b"site:geo", b"site:one", b"site:stream", b"site:sum", b"site:two"]


def test_a_pipeline_that_watches_gets_it_at_each_step(redis: Redis) -> None:
    redis.set("site:lease", "mine")
    pipe: Any
    with redis.pipeline() as pipe:
        pipe.watch(Key("lease"))
        assert pipe.get(Key("lease")) == b"mine"
        pipe.multi()
        pipe.set(Key("done"), 1).hset(Key("hash"), mapping={"k": "v"})
        assert pipe.execute() == [True, 1]
        pipe.watch(Key("lease"))
        redis.set("site:lease", "yours")
        pipe.multi()
        pipe.set(Key("late"), 1)
        with pytest.raises(WatchError):
            pipe.execute()
    assert sorted(redis.keys()) == [b"site:done", b"site:hash", b"site:lease"]


def test_a_name_beyond_ascii_gets_it(redis: Redis) -> None:
    with connect(RedisSettings(prefix="büro:"), redis.where, role="test") as client:
        client.set(Key("schlüssel"), "ü")
    assert redis.get("büro:schlüssel") == "ü".encode()


def test_channels_get_it(redis: Redis) -> None:
    pubsub: Any
    with redis.pubsub() as pubsub:
        pubsub.subscribe(Key("live"), "plain")
        assert [pubsub.get_message(timeout=5)["channel"] for _ in range(2)] == [b"site:live", b"plain"]
        redis.publish(Key("live"), "item")
        message = pubsub.get_message(timeout=5)
        assert (message["channel"], message["data"]) == (b"site:live", b"item")
        pubsub.unsubscribe(Key("live"))
        assert pubsub.get_message(timeout=5)["type"] == "unsubscribe"
        assert list(pubsub.channels) == [b"plain"]


def test_asyncio_clients_do_the_same(redis: Redis) -> None:
    async def work(client: AsyncRedis) -> None:
        await client.set(Key("a"), 1)
        pipe: Any
        async with client.pipeline() as pipe:
            await pipe.watch(Key("a"))
            assert await pipe.get(Key("a")) == "1"
            pipe.multi()
            pipe.incr(Key("a")).xadd(Key("stream"), {"k": "v"}, id="1-1")
            assert await pipe.execute() == [2, "1-1"]
        assert await client.xread({Key("stream"): "0"}) == [["site:stream", [("1-1", {"k": "v"})]]]
        async with client.pubsub() as pubsub:
            await pubsub.subscribe(Key("live"))
            await client.publish(Key("live"), "item")
            messages = [await pubsub.get_message(timeout=5) for _ in range(2)]
            assert [(m["type"], m["channel"]) for m in messages] == [
                ("subscribe", "site:live"),
                ("message", "site:live"),
            ]
            await pubsub.unsubscribe(Key("live"))

    with_async(redis.where, work)
    assert sorted(redis.keys()) == [b"site:a", b"site:stream"]
