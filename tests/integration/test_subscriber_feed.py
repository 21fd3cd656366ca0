"""The subscriber and its publisher: what arrives, and what is told when nothing does."""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from subscriber_kit import Feed, listening, numbered, settings_for, stats, stored

from watchfloor.config.settings import FeedSettings, RedisSettings, Settings
from watchfloor.errors import ConfigError
from watchfloor.store import failures
from watchfloor.store.connect import connect
from watchfloor.store.keys import FEED_STATS, FEEDS, STREAM
from watchfloor.subscriber import Subscriber
from watchfloor.subscriber.inbox import Inbox
from watchfloor.subscriber.silences import read
from watchfloor.subscriber.states import FeedState, feed_state
from watchfloor.testing import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from watchfloor.store.clients import Redis
    from watchfloor.store.embedded import EmbeddedServer

SERVER, SECRET = zmq.curve_keypair()


@pytest.fixture
def redis(redis_server: EmbeddedServer) -> Iterator[Redis]:
    with connect(RedisSettings(), redis_server.url, role="test") as client:
        client.flushall()
        yield client


@pytest.fixture
def make_feed() -> Iterator[Callable[..., Feed]]:
    feeds: list[Feed] = []

    def make(**security: Any) -> Feed:
        feeds.append(Feed(**security))
        return feeds[-1]

    yield make
    for feed in feeds:
        feed.close()


@pytest.fixture
def feed(make_feed: Callable[..., Feed]) -> Feed:
    return make_feed()


def state(redis: Redis) -> FeedState:
    return feed_state(stats(redis), time.time(), 30, 300)


def test_messages_arrive_in_order_and_are_counted(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    messages = [*numbered(0, 5000), b'misp_json_self {"uptime":1}']
    before = time.time()
    with listening(settings_for(tmp_path, feed.url), redis_server.url):
        assert feed.met()
        feed.send(*messages)
        until(lambda: int(stats(redis).get("messages", 0)) == 5001, "the arrival of all")
        told = stats(redis)
    assert stored(redis) == messages
    assert told["received:misp_json_tag"] == "5000"
    assert told["received:misp_json_self"] == "1"
    assert int(told["bytes"]) == sum(map(len, messages))
    assert before <= float(told["last_seen"]) <= float(told["listening"]) <= time.time()
    assert redis.smembers(FEEDS()) == {b"misp"}
    assert redis.exists(FEED_STATS(feed="misp"), STREAM(feed="misp")) == 2
    assert not redis.keys("watchfloor:lease:*"), "a clean stop gives up the lease"


def test_the_first_message_is_stored_at_once(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    with listening(settings_for(tmp_path, feed.url), redis_server.url):
        assert feed.met()
        until(lambda: "connected" in stats(redis).values(), "the first sign of life")
        sent = time.monotonic()
        feed.send(b"misp_json_tag {}")
        assert redis.xread({STREAM(feed="misp"): "$"}, block=2000) or stored(redis)
        assert time.monotonic() - sent < 1


def test_a_pause_of_ours_is_no_loss(
    redis: Redis,
    redis_server: EmbeddedServer,
    make_feed: Callable[..., Feed],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed, resumed, put = make_feed(hold=20_000), threading.Event(), Inbox.put

    def slow(inbox: Inbox, milliseconds: int, frames: list[bytes]) -> None:
        resumed.wait(20)
        put(inbox, milliseconds, frames)

    monkeypatch.setattr(Inbox, "put", slow)
    messages = numbered(0, 40_000, 900)
    with listening(settings_for(tmp_path, feed.url), redis_server.url):
        assert feed.met()
        for start in range(0, 40_000, 200):
            feed.send(*messages[start : start + 200])
            time.sleep(0.005)  # a pace that the network can follow
        resumed.set()
        until(lambda: int(stats(redis).get("messages", 0)) == 40_000, "the arrival of all", 20)
    assert stored(redis) == messages


def test_hostile_frames_cost_nothing_but_themselves(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    hostile = [
        b"",
        b" ",
        b"\xff\xfe {}",
        b"nospace",
        b"misp_json_audit \xff\x00",
        b"\x00" * 50,
        b"t\n {}",
        b"{" * 9999,
    ]
    topics = [b"topic%d {}" % number for number in range(100)]
    with listening(settings_for(tmp_path, feed.url), redis_server.url):
        assert feed.met()
        feed.send(*hostile, *topics)
        feed.send_parts(b"misp_json_tag", b'{"parts":', b"3}")
        feed.send(b"misp_json_tag {}")
        until(lambda: int(stats(redis).get("messages", 0)) == 110, "the arrival of all")
    kept = stored(redis)
    assert [frame for frame in kept[:8] if b"withheld" not in frame] == [
        f for f in hostile if b"audit" not in f
    ]
    assert kept[-2:] == [b'misp_json_tag {"parts": 3}', b"misp_json_tag {}"]
    counters = {name: int(count) for name, count in stats(redis).items() if name.startswith("received:")}
    assert len(counters) <= 65
    assert counters["received:other"] > 40
    assert sum(counters.values()) == 110


def test_secrets_are_not_stored(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    with listening(settings_for(tmp_path, feed.url, max_message=2000), redis_server.url):
        assert feed.met()
        feed.send(b'misp_json_audit {"Log":{"change":"authkey () => (%s)"}}' % (b"k" * 40))
        feed.send(b'misp_json_user {"User":{"password":"hunter2","x":"%s"}}' % (b"x" * 3000))
        until(lambda: {"messages", "refused"} <= stats(redis).keys(), "both")
    assert b"k" * 40 not in stored(redis)[0]
    assert b"hunter2" not in failures.read(redis)[0].raw


def test_a_message_that_is_too_large_is_refused_and_its_head_kept(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    large = b'misp_json {"Event":"%s"}' % (b"x" * 100_000)
    with listening(settings_for(tmp_path, feed.url, max_message=50_000), redis_server.url):
        assert feed.met()
        feed.send(b"misp_json_tag 1", large, b"misp_json_tag 2")
        until(lambda: stats(redis).get("messages") == "2", "the arrival of the others")
    assert stored(redis) == [b"misp_json_tag 1", b"misp_json_tag 2"]
    assert stats(redis)["refused"] == "1"
    (failure,) = failures.read(redis)
    assert (failure.plugin, failure.kind, failure.feed, failure.topic) == (
        "core",
        "oversized",
        "misp",
        "misp_json",
    )
    assert failure.raw == large[10:4096]
    assert failure.size == len(large)
    assert failures.counts(redis) == {"core:oversized": 1}


@pytest.mark.parametrize(
    ("publisher", "ours"),
    [
        ({"plain": ("misp", "pass")}, {"username": "misp", "password": "pass"}),
        ({"curve": SECRET}, {"curve_server_key": SERVER.decode()}),
    ],
)
def test_right_credentials_are_let_in(
    redis: Redis,
    redis_server: EmbeddedServer,
    make_feed: Callable[..., Feed],
    tmp_path: Path,
    publisher: dict[str, Any],
    ours: dict[str, str],
) -> None:
    feed = make_feed(**publisher)
    with listening(settings_for(tmp_path, feed.url, **ours), redis_server.url):
        assert feed.met()
        feed.send(b"misp_json_tag {}")
        until(lambda: state(redis).state == "alive" and stored(redis), "the message")


@pytest.mark.parametrize(
    ("publisher", "ours", "why"),
    [
        ({"plain": ("misp", "pass")}, {"username": "misp", "password": "wrong"}, "credentials"),
        ({"plain": ("misp", "pass")}, {}, "security"),
        ({}, {"username": "misp", "password": "pass"}, "security"),
        ({"curve": SECRET}, {"curve_server_key": zmq.curve_keypair()[0].decode()}, "handshake"),
        ({"curve": SECRET}, {}, "security"),
    ],
)
def test_wrong_credentials_are_told_with_what_to_change(
    redis: Redis,
    redis_server: EmbeddedServer,
    make_feed: Callable[..., Feed],
    tmp_path: Path,
    publisher: dict[str, Any],
    ours: dict[str, str],
    why: str,
) -> None:
    feed = make_feed(**publisher)
    with listening(settings_for(tmp_path, feed.url, **ours), redis_server.url):
        until(lambda: state(redis).state == "refused" and int(stats(redis)["auth_refused"]), "the refusal")
        assert "feeds[0]." in state(redis).text
        assert stats(redis)["why"] in (why, "handshake"), (
            "when the publisher hangs up first it tells no reason"
        )


def test_credentials_that_become_right_need_no_restart(
    redis: Redis, redis_server: EmbeddedServer, make_feed: Callable[..., Feed], tmp_path: Path
) -> None:
    feed = make_feed(plain=("misp", "old"))
    with listening(settings_for(tmp_path, feed.url, username="misp", password="new"), redis_server.url):
        until(lambda: state(redis).state == "refused", "the refusal")
        feed.close()
        feed._plain = ("misp", "new")
        feed.open()
        assert feed.met()
        until(lambda: state(redis).state == "alive", "the connection")


def test_a_publisher_that_restarts_is_found_again(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with listening(settings_for(tmp_path, feed.url, quiet_after=0.3), redis_server.url):
        assert feed.met()
        feed.send(b"misp_json_tag 1")
        feed.close()
        until(lambda: state(redis).state == "unreachable", "the loss")
        until(lambda: "is unreachable" in caplog.text, "the log")
        feed.open()
        assert feed.met()
        until(lambda: stats(redis).get("reconnects") == "1", "the connection")
        feed.send(b"misp_json_tag 2")
        until(lambda: len(stored(redis)) == 2, "the second message")
    (silence,) = read(redis, "misp")
    assert silence.why == "unreachable"
    assert 0.3 < silence.end - silence.start < 10


def test_silences_are_kept_with_their_reasons(
    redis: Redis, redis_server: EmbeddedServer, feed: Feed, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, feed.url, quiet_after=0.2)

    def talk(number: int) -> None:
        feed.send(b"misp_json_tag %d" % number)
        until(lambda: len(stored(redis)) == number, "the message")

    with listening(settings, redis_server.url):
        assert feed.met()
        talk(1)
        until(lambda: time.time() - float(stats(redis)["last_seen"]) > 0.3, "silence")
        talk(2)
    until(lambda: time.time() - float(stats(redis)["listening"]) > 0.3, "a time without a subscriber")
    with listening(settings, redis_server.url):
        assert feed.met()
        talk(3)
        until(lambda: len(read(redis, "misp")) == 2, "the ledger")
    assert [silence.why for silence in read(redis, "misp")] == ["not listening", "silent"]
    assert all(0.2 < silence.end - silence.start < 10 for silence in read(redis, "misp"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "tcp://nowhere"}, "feeds[0].url"),
        ({"curve_server_key": "short"}, "feeds[0].curve_server_key"),
        (
            {"curve_server_key": SERVER.decode(), "curve_secret_key": SECRET.decode()},
            "feeds[0].curve_public_key",
        ),
    ],
)
def test_settings_that_cannot_work_stop_the_start(fields: dict[str, str], words: str) -> None:
    feed = FeedSettings(**{"name": "misp", "url": "tcp://127.0.0.1:1", **fields})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=re.escape(words)):
        Subscriber(Settings(feeds=(feed,)), "unix:///nowhere")
