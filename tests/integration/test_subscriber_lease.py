"""Several subscribers of one feed: one stores, the others stand by, and none stores twice."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from subscriber_kit import LEASE, Feed, listening, process, settings_for, stats, stored

from watchfloor.config.settings import RedisSettings
from watchfloor.errors import LeaseLostError
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import LEASE as LEASE_KEY
from watchfloor.store.streams import Appender
from watchfloor.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import Popen

    from watchfloor.store.clients import Commands, Redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
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


class Talk:
    """Numbered messages, some hundreds a second, until the end."""

    def __init__(self, feed: Feed) -> None:
        self.sent: list[bytes] = []
        self._feed = feed
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.002):
            self.sent.append(b'misp_json_tag {"n":%d}' % len(self.sent))
            self._feed.send(self.sent[-1])

    def end(self) -> None:
        self._end.set()


@contextmanager
def talking(feed: Feed) -> Iterator[Talk]:
    talk = Talk(feed)
    thread = threading.Thread(target=talk.run)
    thread.start()
    try:
        yield talk
    finally:
        talk.end()
        thread.join()


def keeper(redis: Redis) -> str:
    return stats(redis).get("keeper", "")


def next_keeper(redis: Redis, before: str) -> str:
    until(lambda: keeper(redis) not in ("", before), "another keeper", 15)
    return keeper(redis)


def holder(redis: Commands, *processes: Popen[bytes]) -> Popen[bytes]:
    """That of the processes which has the lease."""
    held_by = until(lambda: redis.get(LEASE_KEY(name="feed:misp")), "a holder")
    return next(process for process in processes if b":%d:" % process.pid in held_by)


def caught_up(redis: Redis, talk: Talk) -> None:
    until(lambda: stored(redis)[-1:] == talk.sent[-1:], "the arrival of the last")


def test_a_clean_stop_hands_over_without_a_gap(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with ExitStack() as first:
        first.enter_context(listening(settings_for(tmp_path / "a", feed.url), server.url))
        assert feed.met()
        held_by = next_keeper(redis, "")
        with listening(settings_for(tmp_path / "b", feed.url), server.url):
            assert feed.met()
            with talking(feed) as talk:
                until(lambda: len(stored(redis)) > 200, "some messages")
                first.close()
                next_keeper(redis, held_by)
                count = len(talk.sent)
                until(lambda: len(talk.sent) > count + 200, "more messages")
            caught_up(redis, talk)
    assert stored(redis) == talk.sent


def test_a_standby_takes_over_from_one_that_is_killed(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with process(tmp_path / "a", feed.url, server.url) as first:
        assert feed.met()
        held_by = next_keeper(redis, "")
        with listening(settings_for(tmp_path / "b", feed.url), server.url):
            assert feed.met()
            with talking(feed) as talk:
                until(lambda: len(stored(redis)) > 300, "some messages")
                first.kill()
                killed = time.monotonic()
                next_keeper(redis, held_by)
                assert time.monotonic() - killed < LEASE + 2
                count = len(talk.sent)
                until(lambda: len(talk.sent) > count + 200, "more messages")
            caught_up(redis, talk)
    assert stored(redis) == talk.sent, "no message between them is missing, none is there twice"


def test_one_that_was_paused_stores_nothing_any_more(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with (
        process(tmp_path / "a", feed.url, server.url) as first,
        process(tmp_path / "b", feed.url, server.url) as second,
    ):
        assert feed.met(2)
        with talking(feed) as talk:
            paused, before = holder(redis, first, second), next_keeper(redis, "")
            until(lambda: len(stored(redis)) > 300, "some messages")
            paused.send_signal(signal.SIGSTOP)
            next_keeper(redis, before)
            count = len(stored(redis))
            until(lambda: len(stored(redis)) > count + 200, "more messages")
            paused.send_signal(signal.SIGCONT)
            until(lambda: len(stored(redis)) > count + 800, "still more")
            before = keeper(redis)
            holder(redis, first, second).kill()
            next_keeper(redis, before)
            count = len(talk.sent)
            until(lambda: len(talk.sent) > count + 200, "the last messages")
        caught_up(redis, talk)
    assert stored(redis) == talk.sent


def test_a_restart_after_a_crash_goes_on_within_the_lease(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with process(tmp_path, feed.url, server.url) as first:
        assert feed.met()
        feed.send(b"misp_json_tag 1")
        until(lambda: len(stored(redis)) == 1, "the first message")
        first.kill()
    with listening(settings_for(tmp_path, feed.url), server.url):
        assert feed.met()
        assert redis.exists(LEASE_KEY(name="feed:misp")), "the lease is still that of the dead"
        feed.send(b"misp_json_tag 2")
        until(lambda: len(stored(redis)) == 2, "the second message")
    assert stored(redis) == [b"misp_json_tag 1", b"misp_json_tag 2"]


def test_nothing_else_can_write_to_a_feed_that_is_listened_to(
    server: EmbeddedServer, redis: Redis, feed: Feed, tmp_path: Path
) -> None:
    with listening(settings_for(tmp_path, feed.url), server.url):
        next_keeper(redis, "")
        with (
            pytest.raises(LeaseLostError, match="stop it, or name another feed"),
            Appender(redis, "misp", LEASE),
        ):
            pass
    with Appender(redis, "misp", LEASE) as appender:
        assert appender.append([(b"misp_json_tag old", 1_700_000_000.5)]) == 1
