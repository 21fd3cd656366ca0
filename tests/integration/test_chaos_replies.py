"""Replies that are lost on the way: nothing is counted twice, and nothing is left out."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from books import check_all, frame, store, total, wait
from lab import Lab, Server, until
from proxy import Proxy
from publisher import publishing
from redis.exceptions import ConnectionError as RedisConnectionError

from watchfloor.config.settings import RedisSettings
from watchfloor.plugins import GROUP
from watchfloor.store import failures
from watchfloor.store.clients import Commands
from watchfloor.store.connect import connect
from watchfloor.store.failures import Failure
from watchfloor.store.keys import FAILURES, FEED_STATS, LEASE
from watchfloor.testing import SiteMaker
from watchfloor.worker.retry import retry

MANY = 3000


@pytest.mark.parametrize("role", ["worker", "subscriber"])
def test_what_broke_on_the_way_is_never_sent_again(role: str, server: Server, proxy: Proxy) -> None:
    """Who restores the client library's retries on these connections fails here."""
    with connect(RedisSettings(), proxy.url, role=role) as client:
        pipe = client.pipeline(transaction=True)
        pipe.incr("counted")
        client.ping()
        proxy.lose = 1.0
        with pytest.raises(RedisConnectionError):
            pipe.execute()
        proxy.lose = 0.0
        assert client.get("counted") == b"1"
    assert proxy.lost == 1


def test_the_worker_loses_replies_to_its_transactions(lab: Lab, server: Server, proxy: Proxy) -> None:
    lab.configure(redis={"url": proxy.url}, worker={"lease_seconds": 0.3, "batch": 50})
    redis = lab.connect(server.url)
    store(redis, map(frame, range(MANY)))
    proxy.lose = 0.2
    worker = lab.start("work")
    wait(redis, MANY)
    assert worker.alive()
    assert proxy.lost > 5
    # What it loses it meets again: it is connected for good once nothing is lost any more.
    proxy.lose = 0.0
    until(lambda: "watchfloor-worker" in {client["name"] for client in redis.client_list()}, "the worker")
    assert worker.stop() == 0
    check_all(redis, {"misp": range(MANY)})


def test_subscriber_and_worker_lose_replies_all_the_way(lab: Lab, server: Server, proxy: Proxy) -> None:
    with publishing() as publisher:
        lab.configure(
            redis={"url": proxy.url},
            worker={"lease_seconds": 0.3},
            feeds=[{"name": "misp", "url": publisher.url}],
        )
        redis, roles = lab.connect(server.url), [lab.start("subscribe"), lab.start("work")]
        until(lambda: total(redis) > 0, "a beginning")
        proxy.lose = 0.2
        publisher.wait(1500)
        sent = publisher.end()
        wait(redis, len(sent))
        proxy.lose = 0.0
    assert proxy.lost > 5
    assert [role.stop() for role in roles] == [0, 0]
    check_all(redis, {"misp": sent})


def test_a_replay_loses_replies(lab: Lab, server: Server, proxy: Proxy) -> None:
    lab.configure(redis={"url": proxy.url}, worker={"batch": 100})
    file = lab.folder / "recorded"
    file.write_bytes(b"\n".join(map(frame, range(MANY))))
    proxy.lose = 0.3
    assert lab.succeed("replay", str(file)) == f"{MANY:,} messages replayed as feed 'replay'\n"
    assert proxy.lost > 5
    redis = lab.connect(server.url)
    check_all(redis, {"replay": range(MANY)})
    assert redis.hget(FEED_STATS(feed="replay"), "messages") == str(MANY).encode()


def test_a_retry_loses_its_reply(lab: Lab, server: Server, proxy: Proxy) -> None:
    lab.configure(redis={"url": server.url})
    redis = lab.connect(server.url)
    store(redis, (frame(number, "fail") for number in range(3)))
    lab.succeed("work", "--drain")
    assert total(redis) == 0
    lab.environment["LEDGER_MENDED"] = "yes"
    lab.configure(redis={"url": proxy.url})
    proxy.lose = 1.0
    assert lab.succeed("failures", "retry", "--all") == "3 passed, 0 failed again\n"
    assert proxy.lost == 3
    assert total(redis) == 3
    assert redis.xlen(FAILURES()) == 0


def test_a_retry_while_other_failures_are_recorded(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site({"ledger": {}}, {"ledger": EntryPoint("ledger", "watchfloor_ledger", GROUP)})
    store(site.redis, [frame(1, "fail")])
    site.work()
    [failure] = failures.read(site.redis)
    get, interruptions = failures.get, iter(range(3))

    def interrupted(redis: Commands, entry: str) -> Failure | None:
        """A worker records another failure between the look and the transaction."""
        found = get(redis, entry)
        if next(interruptions, None) is not None:
            failures.add(site.redis, failure, 100)
        return found

    monkeypatch.setattr(failures, "get", interrupted)
    monkeypatch.setenv("LEDGER_MENDED", "yes")
    assert retry(site.site, site.redis, failure) is None
    assert total(site.redis) == 1
    assert len(failures.read(site.redis)) == 3


def test_a_transaction_that_arrives_late_is_void(lab: Lab, server: Server, proxy: Proxy) -> None:
    """The connection broke, another transaction did the work, and then the first one arrives after all."""
    lab.configure(redis={"url": proxy.url}, worker={"lease_seconds": 0.3, "batch": 50})
    redis = lab.connect(server.url)
    worker = lab.start("work")
    until(lambda: redis.exists(LEASE(name="worker")), "a worker at work")
    proxy.hold = True
    store(redis, map(frame, range(100)))
    until(lambda: total(redis) == 100, "the second attempt")
    proxy.release()
    assert proxy.delivered.wait(10)
    wait(redis, 100)
    worker.stop()
    check_all(redis, {"misp": range(100)})
