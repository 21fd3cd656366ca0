"""What after_commit reads: text, numbers, and nothing where there is nothing."""

from __future__ import annotations

from watchfloor.contracts import Keys
from watchfloor.testing import SiteMaker
from watchfloor.worker.after import RedisReads

SCORES = Keys("r:scores", "zset", "scores")
TEXT = Keys("r:text", "string", "text")
MEMBERS = Keys("r:members", "set", "members")
FIELDS = Keys("r:fields", "hash", "fields")


def test_what_is_there_is_read_as_text_and_numbers(make_site: SiteMaker) -> None:
    redis = make_site().redis
    redis.zadd(SCORES(), {"Østervik": 2.5, "b": 1, "c": 3})
    redis.set(TEXT(), "Étangs")
    redis.sadd(MEMBERS(), "a", b"\xff")
    redis.hset(FIELDS(), "name", "value")
    reads = RedisReads(redis)
    assert reads.zscores(SCORES(), ["b", "nobody", "Østervik"]) == [1.0, None, 2.5]
    assert reads.ztop(SCORES(), 2) == [("c", 3.0), ("Østervik", 2.5)]
    assert reads.get(TEXT()) == "Étangs"
    assert reads.members(MEMBERS()) == {"a", "\N{REPLACEMENT CHARACTER}"}
    assert reads.hash(FIELDS()) == {"name": "value"}


def test_what_is_not_there_is_nothing(make_site: SiteMaker) -> None:
    reads = RedisReads(make_site().redis)
    assert reads.zscores(SCORES(), ["a"]) == [None]
    assert reads.zscores(SCORES(), []) == []
    assert reads.ztop(SCORES(), 5) == []
    assert reads.get(TEXT()) is None
    assert reads.members(MEMBERS()) == set()
    assert reads.hash(FIELDS()) == {}
