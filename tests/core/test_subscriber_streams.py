"""Appending to a feed's stream, and reading back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from watchfloor.config.settings import RedisSettings
from watchfloor.errors import LeaseLostError
from watchfloor.misp import Message
from watchfloor.store.connect import connect
from watchfloor.store.keys import FEED_STATS, FEEDS, LEASE, STREAM
from watchfloor.store.streams import Appender, parse_id, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchfloor.store.clients import Commands
    from watchfloor.store.embedded import EmbeddedServer


@pytest.fixture
def redis(redis_server: EmbeddedServer) -> Iterator[Commands]:
    with connect(RedisSettings(prefix="soc:"), redis_server.url, role="test") as client:
        client.flushall()
        yield client


def messages(redis: Commands) -> list[Message]:
    return [read_entry("misp", entry, fields) for entry, fields in redis.xrange(STREAM(feed="misp"))]


def counters(redis: Commands) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = redis.hgetall(FEED_STATS(feed="misp"))
    return found


def test_frames_are_appended_redacted_and_counted(redis: Commands) -> None:
    with Appender(redis, "misp", 5) as appender:
        appender.append(
            [(b'misp_json_tag {"a":1}', None), (b'misp_json_audit {"Log":{"authkey":"x"}}', None)]
        )
        appender.append([(b'misp_json_tag {"a":2}', None)])
    found = messages(redis)
    assert [(message.topic, message.body) for message in found] == [
        ("misp_json_tag", b'{"a":1}'),
        ("misp_json_audit", b'{"Log":{"authkey":"[removed]"}}'),
        ("misp_json_tag", b'{"a":2}'),
    ]
    assert all(abs(message.received - time.time()) < 5 for message in found)
    told = counters(redis)
    assert told[b"messages"] == b"3"
    assert told[b"received:misp_json_tag"] == b"2"
    assert redis.smembers(FEEDS()) == {b"misp"}
    assert redis.keys("soc:*"), "names bear the site's prefix"
    assert not redis.exists(LEASE(name="feed:misp"))


def test_a_time_of_its_own_is_kept_beside_the_id(redis: Commands) -> None:
    with Appender(redis, "misp", 5) as appender:
        assert appender.append([(b"misp_json_tag %d" % number, 1_700_000_000.25) for number in range(3)]) == 3
    assert [message.received for message in messages(redis)] == [1_700_000_000.25] * 3


def test_ids_grow_although_the_clock_goes_back(redis: Commands) -> None:
    ahead = (time.time_ns() // 1_000_000) + 3_600_000
    with Appender(redis, "misp", 5) as appender:
        appender.store([appender.stamp(ahead, b"misp_json_tag 1")])
    with Appender(redis, "misp", 5) as appender:
        appender.append([(b"misp_json_tag 2", None)])
    first, second = messages(redis)
    assert parse_id(second.id.encode()) == (ahead, 1)
    assert first.received == ahead / 1000
    assert abs(second.received - time.time()) < 5, "the time of receipt is told although the id is ahead"


def test_an_entry_that_is_there_is_not_written_again(redis: Commands) -> None:
    with Appender(redis, "misp", 5) as appender:
        entries = [appender.stamp(1000 + number, b"misp_json_tag %d" % number) for number in range(3)]
        appender.store(entries[:2])
        appender.store(entries)
    assert [message.body for message in messages(redis)] == [b"0", b"1", b"2"]


def test_a_second_writer_is_refused(redis: Commands) -> None:
    with (
        Appender(redis, "misp", 5),
        pytest.raises(LeaseLostError, match="'misp' are stored by"),
        Appender(redis, "misp", 5),
    ):
        pass


def test_a_lease_that_expired_meanwhile_is_taken_again(redis: Commands) -> None:
    with Appender(redis, "misp", 5) as appender:
        redis.delete(LEASE(name="feed:misp"))
        appender.count("spooled", 3)
        appender.append([(b"misp_json_tag 1", None)])
        redis.set(LEASE(name="feed:misp"), "another")
        with pytest.raises(LeaseLostError):
            appender.append([(b"misp_json_tag 2", None)])
    assert [message.body for message in messages(redis)] == [b"1"]
    assert counters(redis)[b"spooled"] == b"3", "what was to be counted is counted with the next transaction"
    assert redis.get(LEASE(name="feed:misp")) == b"another"


@pytest.mark.parametrize("at", [b"garbage", b"-5", b"nan", b"inf", b"1e300", b""])
def test_an_entry_of_another_hand_can_be_read(at: bytes) -> None:
    message = read_entry("misp", b"1700000000000-5", {b"m": b"x", b"at": at})
    assert message == Message("misp", "x", b"", 1_700_000_000.0, "1700000000000-5")
    assert read_entry("misp", b"1-0", {b"other": b"field"}).received == 0.001
