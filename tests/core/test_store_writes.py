"""Writes: checked against what the plugin owns, merged over a batch, and what Redis then holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from watchfloor.contracts import Channel, Keys, escape, unescape
from watchfloor.store import writes
from watchfloor.store.writes import Merged, Recorder
from watchfloor.testing import SiteMaker
from watchfloor.worker.after import RedisReads

ZSET = Keys("w:zset:{date}", "zset", "scores")
STRING = Keys("w:string", "string", "text or number")
SET = Keys("w:set", "set", "members")
HASH = Keys("w:hash", "hash", "fields")
GEO = Keys("w:geo", "geo", "places")
STREAM = Keys("w:stream", "stream", "items")
KEPT = Keys("w:kept:{date}", "zset", "kept for a week", timedelta(days=7))
SHORT = Keys("w:short", "string", "kept for an hour", timedelta(hours=1))
FAMILIES = {family.pattern: family for family in (ZSET, STRING, SET, HASH, GEO, STREAM, KEPT, SHORT)}
DAY = date(2026, 11, 2)


def recorder() -> Recorder:
    return Recorder("sample", FAMILIES, [Channel("live")])


def commands(*recorders: Recorder) -> list[tuple[Any, ...]]:
    merged = Merged()
    for one in recorders:
        merged.add(one)
    return [command for _, command in merged.commands()]


def test_amounts_add_up_over_a_batch() -> None:
    merged, one = Merged(), recorder()
    for _ in range(1000):
        one.clear()
        one.zincrby(ZSET(date=DAY), 1, "CIRCL")
        one.incrby(STRING(), 2)
        one.hincrby(HASH(), "field", 3)
        merged.add(one)
    assert [command for _, command in merged.commands()] == [
        ("ZINCRBY", "w:zset:20261102", 1000, b"CIRCL"),
        ("INCRBY", "w:string", 2000),
        ("HINCRBY", "w:hash", b"field", 3000),
    ]


def test_members_of_one_key_go_in_one_command_where_redis_takes_them_together() -> None:
    one = recorder()
    for member in ("a", "b", "a"):
        one.sadd(SET(), member)
        one.zadd(ZSET(date=DAY), 5, member)
    assert commands(one) == [
        ("SADD", "w:set", b"a", b"b"),
        ("ZADD", "w:zset:20261102", 5, b"a", 5, b"b"),
    ]


def test_the_order_of_different_verbs_on_a_key_is_kept() -> None:
    one = recorder()
    one.incrby(STRING(), 1)
    one.set(STRING(), "7")
    one.incrby(STRING(), 1)
    one.incrby(STRING(), 1)
    assert commands(one) == [("INCRBY", "w:string", 1), ("SET", "w:string", b"7"), ("INCRBY", "w:string", 2)]


def test_redis_holds_what_each_verb_says(make_site: SiteMaker) -> None:
    redis = make_site().redis
    one = recorder()
    one.zincrby(ZSET(date=DAY), 1.5, "a")
    one.zincrby(ZSET(date=DAY), 2, "gone")
    one.zrem(ZSET(date=DAY), "gone")
    one.set(STRING(), "é")
    one.sadd(SET(), "x")
    one.sadd(SET(), "y")
    one.srem(SET(), "x")
    one.hset(HASH(), "a", "1")
    one.hincrby(HASH(), "a", 4)
    one.hset(HASH(), "b", "2")
    one.hdel(HASH(), "b")
    one.geoadd(GEO(), 6.13, 49.61, "Luxembourg")
    for command in commands(one):
        redis.execute_command(*command)
    assert redis.zrange(ZSET(date=DAY), 0, -1, withscores=True) == [(b"a", 1.5)]
    assert redis.get(STRING()) == "é".encode()
    assert redis.smembers(SET()) == {b"y"}
    assert redis.hgetall(HASH()) == {b"a": b"5"}
    assert redis.geopos(GEO(), "Luxembourg")[0] == pytest.approx((6.13, 49.61), abs=1e-4)
    other = recorder()
    other.expire(SET(), 60)
    other.delete(HASH())
    for command in commands(other):
        redis.execute_command(*command)
    assert 0 < redis.ttl(SET()) <= 60
    assert not redis.exists(HASH())


def test_items_of_a_stream_are_few_entries_and_keep_their_order(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "_MOST", 2)
    redis, one = make_site().redis, recorder()
    for item in ({"a": 1}, ["é"], {"a": 1}):
        one.xadd(STREAM(), item)
    for command in commands(one):
        redis.execute_command(*command)
    entries = RedisReads(redis).entries(STREAM(), 10)
    assert [json.loads(items) for _, items in entries] == [[{"a": 1}, ["é"]], [{"a": 1}]]
    assert RedisReads(redis).entries(STREAM(), 1) == entries[:1]
    other = recorder()
    other.xdel(STREAM(), entries[0][0])
    for command in commands(other):
        redis.execute_command(*command)
    assert RedisReads(redis).entries(STREAM(), 10) == entries[1:]


def test_retention_counts_from_the_day_of_the_key_or_from_the_last_write() -> None:
    one = recorder()
    one.zincrby(KEPT(date=DAY), 1, "a")
    one.incrby(SHORT())
    end = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp())
    assert ("EXPIREAT", "w:kept:20261102", end) in commands(one)
    assert ("EXPIRE", "w:short", 3600) in commands(one)


def test_the_retention_that_the_plugin_declared_holds_for_any_key_of_the_pattern() -> None:
    for declared, expected in ((timedelta(days=1), [("EXPIRE", "w:set", 86_400)]), (None, [])):
        one = Recorder("sample", {SET.pattern: Keys(SET.pattern, "set", "members", declared)})
        one.sadd(SET(), "a")
        assert commands(one) == [("SADD", "w:set", b"a"), *expected]


FOREIGN = Keys("other:{x}", "zset", "another's")
BAD: list[Any] = [
    (PermissionError, lambda w: w.zincrby(FOREIGN(x="1"), 1, "a")),
    (PermissionError, lambda w: w.delete(FOREIGN(x="1"))),
    (PermissionError, lambda w: w.publish(Channel("undeclared"), {})),
    (TypeError, lambda w: w.zincrby("w:zset:20261102", 1, "a")),
    (TypeError, lambda w: w.sadd(ZSET(date=DAY), "a")),
    (TypeError, lambda w: w.zincrby(ZSET(date=DAY), "1", "a")),
    (TypeError, lambda w: w.zincrby(ZSET(date=DAY), float("nan"), "a")),
    (TypeError, lambda w: w.zincrby(ZSET(date=DAY), float("inf"), "a")),
    (TypeError, lambda w: w.incrby(STRING(), 2**63)),
    (TypeError, lambda w: w.incrby(STRING(), 1.5)),
    (AttributeError, lambda w: w.sadd(SET(), None)),
    (UnicodeEncodeError, lambda w: w.sadd(SET(), "\ud800")),
    (UnicodeEncodeError, lambda w: w.touch("\ud800")),
    (ValueError, lambda w: w.geoadd(GEO(), 0, 86, "pole")),
    (ValueError, lambda w: w.geoadd(GEO(), 181, 0, "nowhere")),
    (TypeError, lambda w: w.expire(KEPT(date=DAY), 5)),
    (TypeError, lambda w: w.publish(Channel("live"), {"x": object()})),
    (TypeError, lambda w: ZSET(day=DAY)),
    (TypeError, lambda w: ZSET(date="20261102")),
    (ValueError, lambda w: FOREIGN(x="")),
]


@pytest.mark.parametrize(("error", "write"), BAD)
def test_a_write_that_could_hurt_the_batch_is_refused_when_it_is_made(
    error: type[Exception], write: Any
) -> None:
    with pytest.raises(error):
        write(recorder())


@pytest.mark.parametrize(
    "name", ["a:b", "a%3Ab", "a%253Ab", "100%", "%25", "::", "%", "%3A:", "é\n\u202e", ""]
)
def test_names_in_keys_are_escaped_reversibly_and_without_a_colon(name: str) -> None:
    assert ":" not in escape(name)
    assert unescape(escape(name)) == name


def test_organisations_with_a_colon_do_not_collide() -> None:
    by_org = Keys("org:{org}:{what}", "string", "")
    assert by_org(org="a:b", what="c") != by_org(org="a", what="b:c")
