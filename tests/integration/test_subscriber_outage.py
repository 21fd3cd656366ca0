"""The subscriber while Redis, or the disk, or both do not take what it has."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from proxy import Proxy
from subscriber_kit import Feed, listening, numbered, process, settings_for, stats, stored

from watchfloor.config.settings import RedisSettings
from watchfloor.errors import WatchfloorError
from watchfloor.store import failures
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import STREAM
from watchfloor.store.streams import Appender
from watchfloor.subscriber import Subscriber
from watchfloor.subscriber.keeper import Keeper
from watchfloor.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.store.clients import Redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that a test may stop."""
    with EmbeddedServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def redis(server: EmbeddedServer) -> Iterator[Redis]:
    with connect(RedisSettings(), server.url, role="test") as client:
        yield client


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()
    yield feed
    feed.close()


def arrive(redis: Redis, count: int) -> None:
    until(lambda: int(stats(redis).get("messages", 0)) >= count, f"the arrival of {count} messages", 20)


def accounted(redis: Redis) -> int:
    told = stats(redis)
    return int(told.get("messages", 0)) + int(told.get("dropped", 0))


def waiting(data: Path) -> int:
    """How many messages the spool of a subscriber that does not run holds."""
    database = sqlite3.connect(data / "spool" / "misp.sqlite3")
    count = database.execute("select count(*) from spool").fetchone()[0]
    database.close()
    return int(count)


def written(data: Path, number: int) -> bool:
    """Whether the newest message is in the journal of a spool, whose database its subscriber keeps locked."""
    journal = data / "spool" / "misp.sqlite3-wal"
    return journal.exists() and b'"n":"%d"' % number in journal.read_bytes()


def test_a_restart_of_redis_under_load_loses_nothing(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    messages = numbered(0, 30_000, 100)
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        feed.send(*messages[:10_000])
        arrive(redis, 1000)
        server.stop()
        feed.send(*messages[10_000:20_000])
        until(lambda: "until then messages go to" in caplog.text, "the complaint")
        server.start()
        feed.send(*messages[20_000:])
        arrive(redis, 30_000)
        told = stats(redis)
    assert stored(redis) == messages
    assert told["messages"] == told["received:misp_json_tag"] == "30000"
    assert int(told["spooled"]) > 0
    assert caplog.text.count("until then") <= 2, "some lines an outage, not one a message"
    assert "Redis is back" in caplog.text


def test_lost_replies_double_nothing(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    proxy = Proxy(server.url, tmp_path / "proxy.sock")
    proxy.lose = 0.4
    messages = numbered(0, 5000)
    try:
        with listening(settings_for(tmp_path, feed.url, group=100, max_message=100), proxy.url):
            assert feed.met()
            for start in range(0, 5000, 100):
                feed.send(*messages[start : start + 100], b"x" * 200)
            arrive(redis, 5000)
            until(lambda: stats(redis)["refused"] == "50", "the last refusal")
            told = stats(redis)
    finally:
        proxy.close()
    assert proxy.lost > 3
    assert stored(redis) == messages
    assert told["messages"] == told["received:misp_json_tag"] == "5000"
    assert told["bytes"] == str(sum(map(len, messages)))
    assert told["refused"] == "50"
    assert len(failures.read(redis)) == failures.counts(redis)["core:oversized"] == 50


def test_a_transaction_that_comes_late_is_void(server: EmbeddedServer, redis: Redis, tmp_path: Path) -> None:
    proxy = Proxy(server.url, tmp_path / "proxy.sock")
    with connect(RedisSettings(), proxy.url, role="test") as client, Appender(client, "misp", 5) as appender:
        appender.append([(b"misp_json_tag 1", None)])
        proxy.hold = True
        appender.append([(b"misp_json_tag 2", None)])
        proxy.release()
        assert proxy.delivered.wait(10)
        proxy.lose = 0.5
        for number in range(3, 30):
            appender.append([(b"misp_json_tag %d" % number, None)])
        proxy.lose = 0
    proxy.close()
    assert proxy.lost > 5
    assert stored(redis) == [b"misp_json_tag %d" % number for number in range(1, 30)]
    assert stats(redis)["messages"] == "29"


@pytest.mark.parametrize(
    ("refuse", "relent"),
    [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        (f"SET {STREAM(feed='misp')} mistake", f"DEL {STREAM(feed='misp')}"),
    ],
)
def test_messages_wait_while_redis_refuses_them(
    server: EmbeddedServer,
    redis: Redis,
    feed: Feed,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    refuse: str,
    relent: str,
) -> None:
    redis.execute_command(*refuse.split())
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        feed.send(*numbered(0, 1000))
        until(lambda: "until then messages go to" in caplog.text, "the complaint")
        redis.execute_command(*relent.split())
        arrive(redis, 1000)
    assert stored(redis) == numbered(0, 1000)


def test_a_redis_that_hangs_does_not_hold_up_the_messages(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    settings = replace(settings_for(tmp_path, feed.url), redis=RedisSettings(timeout=0.3))
    pid = redis.info("server")["process_id"]
    journal = tmp_path / "spool" / "misp.sqlite3-wal"
    with listening(settings, server.url):
        assert feed.met()
        feed.send(*numbered(0, 100))
        arrive(redis, 100)
        os.kill(pid, signal.SIGSTOP)
        feed.send(*numbered(100, 2000, 1000))
        until(lambda: journal.stat().st_size > 1_000_000, "most of it on disk")
        os.kill(pid, signal.SIGCONT)
        arrive(redis, 2000)
    assert stored(redis) == [*numbered(0, 100), *numbered(100, 2000, 1000)]


def test_the_spool_outlives_the_subscriber(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with process(tmp_path, feed.url, server.url) as first:
        assert feed.met()
        feed.send(*numbered(0, 1000))
        arrive(redis, 1000)
        server.stop()
        feed.send(*numbered(1000, 2000, 1500))
        until(lambda: written(tmp_path, 1999), "all of that on disk")
        # What is written after it shows that it is committed.
        feed.send(*numbered(2000, 2300, 1500))
        until(lambda: written(tmp_path, 2299), "the rest on disk")
        first.kill()
    spooled = waiting(tmp_path)
    assert spooled >= 1000
    server.start()
    with listening(settings_for(tmp_path, feed.url), server.url):
        arrive(redis, 1000 + spooled)
        assert feed.met()
        feed.send(b"misp_json_tag new")
        arrive(redis, 1001 + spooled)
    assert stored(redis) == [*numbered(0, 1000), *numbered(1000, 1000 + spooled, 1500), b"misp_json_tag new"]
    assert waiting(tmp_path) == 0


def test_a_stop_while_redis_is_away_leaves_nothing_behind(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    server.stop()
    settings = settings_for(tmp_path, feed.url)
    with listening(settings, server.url):
        assert feed.met()
        feed.send(*numbered(0, 3000))
        feed.send(b"misp_json_self {}")
        feed.close()
    feed.open()
    count = waiting(tmp_path)
    server.start()
    with listening(settings, server.url):
        arrive(redis, count)
    assert stored(redis) == [*numbered(0, 3000), b"misp_json_self {}"][:count]


def test_a_full_disk_is_told_and_what_is_in_memory_kept(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(tmp_path, feed.url, spool_limit=300_000, memory_limit=400_000)
    with listening(settings, server.url):
        assert feed.met()
        server.stop()
        feed.send(*numbered(0, 3000, 1000))
        until(
            lambda: "is full: free disk space, or raise subscriber.spool_limit" in caplog.text,
            "the complaint",
        )
        until(lambda: "were dropped" in caplog.text, "the loss")
        assert str(tmp_path / "spool" / "misp.sqlite3") in caplog.text
        server.start()
        until(lambda: accounted(redis) == 3000, "recovery")
        feed.send(*numbered(3000, 3010, 1000))
        until(lambda: accounted(redis) == 3010, "the arrival of more")
    sent = numbered(0, 3010, 1000)
    arrived = [sent.index(frame) for frame in stored(redis)]
    assert arrived[:300] == list(range(300)), "the newest are dropped"
    assert arrived[-10:] == list(range(3000, 3010))
    assert arrived == sorted(set(arrived))
    assert caplog.text.count("is full") == 1


def test_a_damaged_spool_is_moved_aside(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "misp.sqlite3").write_bytes(b"no database" * 1000)
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        feed.send(b"misp_json_tag {}")
        arrive(redis, 1)
    assert "is damaged" in caplog.text
    assert [path.stat().st_size for path in (tmp_path / "spool").glob("*.damaged-*")] == [11_000]


def test_without_a_spool_messages_wait_in_memory(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("a file where a folder should be")
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        server.stop()
        feed.send(*numbered(0, 1000))
        until(lambda: "cannot be opened" in caplog.text, "the complaint")
        server.start()
        arrive(redis, 1000)
    assert stored(redis) == numbered(0, 1000)


def test_a_redis_that_was_emptied_is_gone_on_with(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        feed.send(*numbered(0, 100))
        arrive(redis, 100)
        redis.flushall()
        feed.send(*numbered(100, 200))
        arrive(redis, 100)
    assert stored(redis) == numbered(100, 200)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_our_own_ends_the_subscriber(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Keeper, "step", fail)
    with pytest.raises(WatchfloorError, match="an error of its own"):
        Subscriber(settings_for(tmp_path), server.url).run(threading.Event())
