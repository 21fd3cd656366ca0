"""The counts that a web process keeps in memory stay those of Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from watchfloor import Probe
from watchfloor.store.connect import connect_async
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_trendings import health
from watchfloor_trendings import index as module
from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.health import CHECKS
from watchfloor_trendings.index import Index, StillReadingError, TooManyError, index
from watchfloor_trendings.keys import CHANGED, EVENTS
from watchfloor_trendings.ranking import rank

pytestmark = pytest.mark.anyio

DAY = date(2026, 3, 1)
WEEK = Period(DAY, DAY + timedelta(days=6))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site({"trendings": {}})


@pytest.fixture
async def redis(site: SiteUnderTest) -> AsyncIterator[Any]:
    async with connect_async(site.site.settings.redis, site.url, role="web") as client:
        yield client


def count(site: SiteUnderTest, day: date, label: str, amount: int = 1, mark: str = "") -> None:
    site.redis.zincrby(EVENTS(date=day), amount, label)
    if mark:
        site.redis.hset(CHANGED(kind="events", year=day.year), f"{day:%Y%m%d}", mark)


def tops(counts: Counts, period: Period = WEEK) -> dict[str, int]:
    return {row.label: row.count for row in rank(counts, period, 100).rows}


async def test_days_without_a_mark_are_read_once(site: SiteUnderTest, redis: Any) -> None:
    """As in a database of the old program, which wrote no marks."""
    count(site, DAY, "old", 3)
    events = Index("events")
    assert tops(await events.read(redis, [WEEK])) == {"old": 3}
    before = site.redis.info("commandstats").get("cmdstat_zrange", {}).get("calls")
    await events.read(redis, [WEEK])
    assert site.redis.info("commandstats")["cmdstat_zrange"]["calls"] == before


async def test_a_change_of_any_past_day_is_seen_at_once(site: SiteUnderTest, redis: Any) -> None:
    events = Index("events")
    for number in range(1, 4):
        count(site, DAY, "backlog", 1, mark=f"{number}")
        assert tops(await events.read(redis, [WEEK])) == {"backlog": number}


async def test_days_of_two_years_are_kept_apart_by_their_marks(site: SiteUnderTest, redis: Any) -> None:
    turn = Period(date(2025, 12, 31), date(2026, 1, 1))
    events = Index("events")
    await events.read(redis, [turn])
    count(site, turn.start, "a", 1, mark="1")
    count(site, turn.end, "b", 2, mark="1")
    assert tops(await events.read(redis, [turn]), turn) == {"b": 2, "a": 1}


async def test_a_day_whose_key_is_gone_vanishes(
    site: SiteUnderTest, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a retention, which announces nothing."""
    monkeypatch.setattr(module, "_LOOK", 0.0)
    count(site, DAY, "gone", 3, mark="1")
    count(site, WEEK.end, "here", 1, mark="1")
    events = Index("events")
    await events.read(redis, [WEEK])
    site.redis.delete(EVENTS(date=DAY))
    assert tops(await events.read(redis, [WEEK])) == {"here": 1}


async def test_nothing_is_left_of_a_database_that_was_cleaned_and_filled_again(
    site: SiteUnderTest, redis: Any
) -> None:
    count(site, DAY, "before", 3, mark="aa")
    events = Index("events")
    await events.read(redis, [WEEK])
    site.redis.flushdb()
    assert tops(await events.read(redis, [WEEK])) == {}
    count(site, DAY, "after", 3, mark="bb")
    assert tops(await events.read(redis, [WEEK])) == {"after": 3}


async def test_a_day_of_very_many_is_read_piece_by_piece_and_whole(
    site: SiteUnderTest, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 300)
    monkeypatch.setattr(module, "_LARGE", 400)
    site.redis.zadd(EVENTS(date=DAY), {f"event {n}": n + 1 for n in range(3000)})
    found = await Index("events").read(redis, [WEEK])
    assert tops(found)["event 2999"] == 3000
    assert found.total(WEEK) == sum(range(3001))


async def test_reading_goes_on_when_who_asked_is_told_to_wait_or_cut_off(
    site: SiteUnderTest, redis: Any
) -> None:
    for day in WEEK.days:
        count(site, day, "a")
    events = Index("events")
    with pytest.raises(StillReadingError) as raised:
        await events.read(redis, [WEEK], patience=0)
    assert (raised.value.done, raised.value.days) == (0, 7)
    cut = asyncio.create_task(events.read(redis, [WEEK]))
    await asyncio.sleep(0)
    cut.cancel()
    assert tops(await events.read(redis, [WEEK], patience=10)) == {"a": 7}


async def test_all_who_ask_at_once_get_the_same_of_one_reading(site: SiteUnderTest, redis: Any) -> None:
    count(site, DAY, "a")
    site.redis.config_resetstat()
    events = Index("events")
    found = await asyncio.gather(*(events.read(redis, [WEEK], patience=10) for _ in range(10)))
    assert all(counts is found[0] for counts in found)
    assert site.redis.info("commandstats")["cmdstat_zrange"]["calls"] == 7


async def test_days_that_nobody_asks_for_are_let_go_when_there_are_too_many(
    site: SiteUnderTest, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    later = Period(DAY + timedelta(days=30), DAY + timedelta(days=30))
    for number in range(8):
        count(site, DAY, f"early {number}")
        count(site, later.start, f"late {number}")
    events = Index("events")
    await events.read(redis, [WEEK])
    assert len(tops(await events.read(redis, [later]), later)) == 8
    assert events.counts.entries == len(events.counts.labels) == 8
    with pytest.raises(TooManyError, match="more than 10 counts of events"):
        await events.read(redis, [WEEK, later])
    assert len(tops(await events.read(redis, [WEEK]))) == 8


async def test_what_redis_refuses_costs_the_one_who_asks_and_no_later_one(
    site: SiteUnderTest, redis: Any
) -> None:
    site.redis.set(EVENTS(date=DAY), "no zset")
    events = Index("events")
    with pytest.raises(Exception, match="WRONGTYPE"):
        await events.read(redis, [WEEK])
    site.redis.delete(EVENTS(date=DAY))
    assert tops(await events.read(redis, [WEEK])) == {}


async def test_each_connection_has_its_own_counts(site: SiteUnderTest, redis: Any) -> None:
    assert index(redis, "events") is index(redis, "events")
    async with connect_async(site.site.settings.redis, site.url, role="web") as other:
        assert index(other, "events") is not index(redis, "events")


async def test_the_health_check_tells_how_much_is_in_memory_and_when_it_is_nearly_too_much(
    site: SiteUnderTest, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        count(site, DAY, f"{number}")
    await index(redis, "events").read(redis, [WEEK])
    [check] = CHECKS
    assert (await check.run(Probe(redis))).text.startswith("9 counts")
    monkeypatch.setattr(health, "MOST", 10)
    found = await check.run(Probe(redis))
    assert found.state == "warning"
    assert found.text.startswith("Of events there are nearly as many")
