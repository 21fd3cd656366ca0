"""New or seen: a version counts once, through whatever topic or feed it comes, for a set time."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from watchfloor.simulate import World, history
from watchfloor.store.keys import CURSORS, LIVE_LAST, NAMES, SEEN, STREAM
from watchfloor.store.streams import Appender
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.worker.commit import LiveIds

UUID = "0cda0c2f-3c87-40dd-bbc8-c8ea40057738"
EVENT = '"Event":{"id":"42","info":"x","org_id":"1","distribution":"3","Orgc":{"id":"2","name":"A"}%s}'
ATTRIBUTE = (
    '{"id":"1","uuid":"%s","type":"ip-dst","category":"Network activity","value":"v","timestamp":"%d"}'
)


def shared(timestamp: int = 1729500000) -> bytes:
    attribute = ATTRIBUTE % (UUID, timestamp)
    return f'misp_json_attribute {{"Attribute":{attribute},{EVENT % ""},"action":"add"}}'.encode()


def published(timestamp: int = 1729500000) -> bytes:
    inner = ',"Attribute":[' + ATTRIBUTE % (UUID, timestamp) + "]"
    return f"misp_json {{{EVENT % inner}}}".encode()


def count(site: SiteUnderTest) -> float:
    found: float | None = site.redis.zscore("TRENDINGS_CATEGS:20241021", "Network activity")
    return found or 0


def send(site: SiteUnderTest, feed: str, *frames: bytes) -> None:
    with Appender(site.redis, feed, 6.0) as appender:
        appender.append([(frame, None) for frame in frames])


@pytest.mark.parametrize("together", [True, False])
def test_a_version_counts_once_over_topics_and_feeds(make_site: SiteMaker, together: bool) -> None:
    site = make_site({"trendings": {}})
    for feed, frame in (("one", shared()), ("one", published()), ("two", shared()), ("two", published())):
        send(site, feed, frame)
        if not together:
            site.work()
    site.work()
    assert count(site) == 1


def test_an_edit_is_a_new_version(make_site: SiteMaker) -> None:
    site = make_site({"trendings": {}})
    send(site, "one", shared(), shared(1729500001), published(1729500001))
    site.work()
    assert count(site) == 2


def test_versions_are_forgotten_after_the_set_time(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site({"trendings": {}}, worker={"remember_days": 6})
    now = time.time()
    for days, expected in ((0, 1), (5, 1), (10, 1), (18, 2)):  # each sight renews what is remembered
        monkeypatch.setattr(time, "time", lambda days=days: now + days * 86400)
        send(site, "one", shared())
        site.work()
        assert count(site) == expected, days
    buckets = site.keys(SEEN)
    assert all(0 < site.redis.ttl(bucket) <= 7 * 86400 for bucket in buckets)


def test_what_is_worked_off_is_trimmed_and_the_cursor_stands_at_its_end(make_site: SiteMaker) -> None:
    site = make_site({"trendings": {}})
    past = list(history(World(3), end=time.time(), days=1, count=3000))
    with Appender(site.redis, "one", 6.0) as appender:
        for start in range(0, len(past), 500):
            appender.append([(m.frame, m.time) for m in past[start : start + 500]])
    assert site.work() == len(past)
    assert site.failures() == []
    last = site.redis.xinfo_stream(STREAM(feed="one"))["last-generated-id"]
    assert site.redis.hget(CURSORS(), "one") == last
    assert site.redis.xlen(STREAM(feed="one")) < 500
    assert site.redis.hlen(NAMES(feed="one")) > 100
    assert site.work() == 0


def test_ids_of_live_items_only_grow_whatever_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((1000.0, 1000.0, 999.0, 1001.0, 0.0, 1001.5))
    monkeypatch.setattr(time, "time", lambda: next(clock))
    ids = LiveIds("999999-7")
    taken = [tuple(map(int, ids.take().split("-"))) for _ in range(6)]
    assert all(before < after for before, after in pairwise([(999999, 7), *taken]))
    assert taken[0] == (1000000, 0)


def test_the_sequence_of_live_ids_goes_on_with_the_next_worker(make_site: SiteMaker) -> None:
    site = make_site({"trendings": {}})
    send(site, "one", shared())
    site.work()
    ahead = f"{int(time.time() * 1000) + 3_600_000}-5"
    site.redis.set(LIVE_LAST(), ahead)
    send(site, "one", shared(1729500002))
    site.work()
    assert site.redis.get(LIVE_LAST()).decode().partition("-")[0] == ahead.partition("-")[0]
