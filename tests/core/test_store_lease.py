"""One holder at a time, and commits that only the holder can make."""

from __future__ import annotations

from typing import Any

import pytest

from watchfloor.contracts import Keys
from watchfloor.errors import LeaseLostError
from watchfloor.store.keys import LEASE
from watchfloor.store.lease import Lease
from watchfloor.testing import SiteMaker, until

COUNT = Keys("count", "string", "commits")


def count(pipe: Any) -> None:
    pipe.incrby(COUNT(), 1)


def test_one_holds_it_and_a_second_takes_over_when_it_is_released(make_site: SiteMaker) -> None:
    redis = make_site().redis
    first, second = Lease(redis, "x", 60), Lease(redis, "x", 60)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert second.holder() == first.token.decode().rpartition(":")[0]
    first.release()
    assert second.acquire()


def test_it_expires_unless_it_is_renewed_by_commits(make_site: SiteMaker) -> None:
    redis = make_site().redis
    lease = Lease(redis, "x", 0.3)
    assert lease.acquire()
    assert lease.commit(count) == [1]
    assert 200 < redis.pttl(LEASE(name="x")) <= 300
    until(lambda: not redis.exists(LEASE(name="x")), "the expiry")
    with pytest.raises(LeaseLostError):
        lease.commit(count)
    assert redis.get(COUNT()) == b"1"


def test_who_lost_it_commits_nothing_even_when_it_changes_hands_in_the_midst(make_site: SiteMaker) -> None:
    redis = make_site().redis
    first, second = Lease(redis, "x", 60), Lease(redis, "x", 60)
    first.acquire()

    def taken_over(pipe: Any) -> None:
        redis.delete(LEASE(name="x"))
        assert second.acquire()
        count(pipe)

    with pytest.raises(LeaseLostError, match="changed hands"):
        first.commit(taken_over)
    with pytest.raises(LeaseLostError, match="held by another process"):
        first.renew()
    first.release()
    assert redis.get(COUNT()) is None
    assert second.commit(count) == [1]


def test_it_aborts_when_it_expires_between_watch_and_exec(make_site: SiteMaker) -> None:
    redis = make_site().redis
    lease = Lease(redis, "x", 0.2)
    lease.acquire()

    def dawdle(pipe: Any) -> None:
        until(lambda: not redis.exists(LEASE(name="x")), "the expiry")
        count(pipe)

    with pytest.raises(LeaseLostError):
        lease.commit(dawdle)
    assert redis.get(COUNT()) is None
