"""What several requests ask for at the same time, and what one of them does not ask for at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from asking import answers, filled, hits, settings_of
from misp_content import fill
from misp_database import Server

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore.ahead import Ahead
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, EventIs
from watchfloor_hashstore.desk import Desk, Job
from watchfloor_hashstore.keys import EVENTS
from watchfloor_hashstore.lookup import Answers, Reader, Who, run
from watchfloor_hashstore.own_keys import OwnKey, create
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.many import NOTHING, gathered, hashes_of
from watchfloor_hashstore.settings import StoreSettings
from watchfloor_hashstore.store import field_of


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    """Event 1 is everyone's, event 2 is organisation 2's; both have evil.example."""
    site = make_site(plugins={"hashstore": {}})
    for event, level in ((1, "*"), (2, "-")):
        bring_in(site.redis, [
            EventIs(event, f"{event:08d}-1111-4111-8111-111111111111", event, level, 1.0),
            AttributeIs(event, event, [digest("evil.example")], "*", "domain", "Other", 1.0),
            AttributeIs(event + 10, event, [digest(f"only{event}.example")], "*", "domain", "Other", 1.0),
        ])  # fmt: skip
    return site


class Here:
    """The core's Redis as a plugin gets it."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    def connect(self) -> Any:
        return self._redis


def desk(site: SiteUnderTest) -> Desk:
    return Desk(Pool(StoreSettings(), Here(site.redis)))


def events(told: Answers) -> list[list[str]]:
    return [[hit.event_id for hit in found] for found in told.hits]


def job(who: Who, *values: str) -> Job:
    return Job(asyncio.get_running_loop().create_future(), who=who, hashes=hashes_of(values))


def test_everyone_of_those_who_ask_together_is_shown_what_is_theirs(site: SiteUnderTest) -> None:
    values = hashes_of(["x", "only2.example", "evil.example", "only1.example"])
    callers = [Who(2), Who(1), Who(), Who(9, admin=True)]
    asked = [
        (callers[0], values),
        (Who(1), NOTHING),
        *((who, values) for who in callers[1:]),
        (Who(), NOTHING),
    ]
    told = run(site.redis, Reader().ask(asked))
    assert [events(one) for one in told] == [
        [[], ["2"], ["1", "2"], ["1"]],
        [],
        [[], [], ["1"], ["1"]],
        [[], [], ["1"], ["1"]],
        [[], ["2"], ["1", "2"], ["1"]],
        [],
    ]
    assert [one.known for one in told] == [3, 0, 2, 2, 3, 0]


def test_a_value_written_in_several_ways_has_each_attribute_once(site: SiteUnderTest) -> None:
    several = gathered([[digest("evil.example"), digest("only1.example"), digest("evil.example")], []])
    assert events(answers(site.redis, Who(1), several)) == [["1", "1"], []]


def test_who_asked_before_an_import_is_told_of_what_it_brought(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    reader, asked = Reader(), hashes_of(["evil.example", "host7.example", "host8.example", "host9.example"])
    (before,) = run(site.redis, reader.ask([(Who(1, admin=True), asked)]))
    assert events(before) == [["1", "2"], [], [], []]
    fill(mysql_server, "misp")
    filled(site.redis, settings_of(mysql_server))
    (after,) = run(site.redis, reader.ask([(Who(1, admin=True), asked)]))
    assert after.state.imported > 0
    assert after == answers(site.redis, Who(1, admin=True), asked)
    assert after.known > 0


def test_an_error_of_one_is_that_of_no_other(site: SiteUnderTest) -> None:
    site.redis.hset(EVENTS(generation="live"), field_of(2), b"no event")

    async def asked() -> list[Any]:
        jobs = [job(Who(1), "only1.example"), job(Who(2), "only2.example"), job(Who(1), "evil.example", "x")]
        return desk(site)._results(jobs, desk(site)._ask)

    first, second, third = asyncio.run(asked())
    assert events(first) == [["1"]]
    assert isinstance(second, Exception)
    assert isinstance(third, Exception)


def test_keys_and_values_of_many_are_answered(site: SiteUnderTest) -> None:
    made = [create(site.redis, OwnKey("t", org)) for org in (1, 2)]
    desks = desk(site)

    async def ask() -> Sequence[Any]:
        found = [desks.find(key) for key in (*made, "x" * 40)]
        told = [desks.ask(Who(org), hashes_of(["evil.example"])) for org in (1, 2)]
        return await asyncio.gather(*found, *told)

    first, second, none, *told = asyncio.run(ask())
    desks.stop()
    assert [[one.who for one in found.candidates] for found in (first, second, none)] == [
        [Who(1)],
        [Who(2)],
        [],
    ]
    assert [events(one) for one in told] == [[["1"]], [["1", "2"]]]


def test_what_comes_next_is_worked_out_while_redis_works(site: SiteUnderTest) -> None:
    worked: list[str] = []

    def pieces() -> Any:
        for value in ("evil.example", "only1.example"):
            worked.append(value)
            yield hashes_of([value])

    ahead, desks = Ahead(pieces()), desk(site)

    async def ask() -> list[list[str]]:
        seen = []
        for piece in ahead:
            await desks.ask(Who(1), piece, ahead.prepare)
            seen.append(list(worked))
        return seen

    seen = asyncio.run(ask())
    desks.stop()
    assert seen == [["evil.example", "only1.example"]] * 2


def test_values_are_found_wherever_they_stand_among_many(site: SiteUnderTest) -> None:
    values = [f"no{n}.example" for n in range(5000)]
    for at in (0, 49, 2499, 2500, 4999):
        values[at] = "evil.example"
    found = hits(site.redis, Who(2), *values)
    assert [at for at, some in enumerate(found) if some] == [0, 49, 2499, 2500, 4999]
