"""after_commit: with what was touched, again after a crash, its effects once."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from watchfloor.contracts import Keys
from watchfloor.plugins import GROUP
from watchfloor.store.keys import LIVE, TOUCHED
from watchfloor.store.lease import Lease
from watchfloor.store.streams import Appender
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.worker import after
from watchfloor.worker.source import Source

SOURCE = """
from watchfloor import AttributeShared, Channel, Handler, Keys, hookimpl
POINTS = Keys("points", "zset", "attributes by organisation")
AWARDS = Keys("awards:{{org}}", "string", "how often an award was announced")
LIVE = Channel("awards")

@hookimpl
def redis_keys(): return [POINTS, AWARDS]

@hookimpl
def live_channels(): return [LIVE]

def count(attribute, writes):
    writes.zincrby(POINTS(), 1, attribute.event.org)
    writes.touch(attribute.event.org)

@hookimpl
def message_handlers(): return [Handler(AttributeShared, count)]

def award(touched, reads, writes):
    for org, points in zip(touched, reads.zscores(POINTS(), touched)):
        {then}
        if points >= 2 and reads.get(AWARDS(org=org)) is None:
            writes.incrby(AWARDS(org=org))
            writes.publish(LIVE, {{"org": org, "points": points}})

@hookimpl
def after_commit(): return award
"""
POINTS = Keys("points", "zset", "")
AWARDS = Keys("awards:{org}", "string", "")
Make = Callable[..., SiteUnderTest]


@pytest.fixture
def make(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A site whose plugin awards an organisation for its second attribute."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(then: str = "pass", **settings: object) -> SiteUnderTest:
        module = f"after_{abs(hash(tmp_path))}"
        (tmp_path / f"{module}.py").write_text(SOURCE.format(then=then))
        return make_site({"awards": {}}, {"awards": EntryPoint("awards", module, GROUP)}, **settings)

    return make


def share(site: SiteUnderTest, *orgs: str) -> None:
    frames = [
        f'misp_json_attribute {{"Attribute":{{"id":"1","type":"ip-dst","category":"c","value":"v"}},'
        f'"Event":{{"id":"1","org_id":"1","distribution":"3","Orgc":{{"id":"2","name":"{org}"}}}},'
        f'"action":"add"}}'.encode()
        for org in orgs
    ]
    with Appender(site.redis, "misp", 6.0) as appender:
        appender.append([(frame, None) for frame in frames])


def awards(site: SiteUnderTest, org: str) -> bytes | None:
    found: bytes | None = site.redis.get(AWARDS(org=org))
    return found


def test_a_threshold_is_announced_once_however_many_batches_pass_it(make: Make) -> None:
    site = make()
    for orgs in (["A"], ["A", "B"], ["A"], ["B", "A"]):
        share(site, *orgs)
        site.work()
    assert (awards(site, "A"), awards(site, "B")) == (b"1", b"1")
    items = [fields[b"d"] for _, fields in site.redis.xrange(LIVE(plugin="awards", channel="awards"))]
    assert items == [b'{"org":"A","points":2.0}', b'{"org":"B","points":2.0}']
    assert not site.redis.exists(TOUCHED(plugin="awards"))


def test_it_runs_less_often_while_messages_wait(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make()
    monkeypatch.setattr(after, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    commit = after.AfterCommit(site.site, site.redis, Mock(), Mock(), Mock())
    assert commit.due_in() == 0
    commit.run()
    assert commit.due_in() == float("inf")
    commit.touched(behind=True)
    assert commit.due_in() == 1
    commit.touched()
    assert commit.due_in() == 0.25


def test_messages_wait_where_a_read_was_full(make: Make) -> None:
    site = make()
    share(site, *"ABCDEFGH")
    source = Source(site.redis, site.site.settings)
    source.load()
    for count, behind in ((8, True), (0, False)):
        read = source.read(0)
        assert (len(read), source.behind) == (count, behind)
        source.moved({message.feed: message.id for message in read})


def test_what_has_more_to_do_runs_again_with_the_same(make: Make) -> None:
    runs = "AWARDS(org='runs')"
    site = make(f"writes.incrby({runs})\n        if int(reads.get({runs}) or 0) < 2: return True")
    share(site, "A", "A")
    site.work()
    assert (awards(site, "runs"), awards(site, "A")) == (b"3", b"1")
    assert not site.redis.exists(TOUCHED(plugin="awards"))


def test_a_crash_between_the_two_transactions_announces_later_and_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make()
    share(site, "A", "A")

    def crash(_self: after.AfterCommit) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(after.AfterCommit, "run", crash)
        with pytest.raises(SystemExit):
            site.work()
    assert site.redis.zscore(POINTS(), "A") == 2
    assert awards(site, "A") is None
    assert site.redis.smembers(TOUCHED(plugin="awards")) == {b"A"}
    site.work()
    assert awards(site, "A") == b"1"


def test_a_lost_reply_of_the_second_transaction_counts_nothing_twice(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make("writes.incrby(AWARDS(org='runs'))")
    share(site, "A", "A")
    commit = Lease.commit
    lost: list[bool] = []

    def lose(self: Lease, fill: Callable[..., object], *watch: str) -> list[object]:
        replies = commit(self, fill, *watch)
        if site.redis.exists(AWARDS(org="A")) and not lost:
            lost.append(True)
            raise RedisConnectionError
        return replies

    monkeypatch.setattr(Lease, "commit", lose)
    site.work()
    assert lost
    assert (awards(site, "A"), awards(site, "runs")) == (b"1", b"1")


@pytest.mark.parametrize(
    ("then", "error"),
    [
        ("raise ValueError('cannot')", "ValueError: cannot"),
        ("writes.incrby(__import__('watchfloor').Keys('x', 'string', '')())", "did not declare x"),
        ("exec('while True: pass')", "after_commit took longer than 0.5 s"),
    ],
)
def test_what_it_raises_is_a_failure_and_does_not_stop_the_worker(make: Make, then: str, error: str) -> None:
    site = make(then, worker={"handler_seconds": 0.1})
    share(site, "A", "A")
    site.work()
    [failure] = site.failures()
    assert failure.startswith("awards: after-commit: ")
    assert error in failure
    assert not site.redis.exists(TOUCHED(plugin="awards"))
    assert site.redis.zscore(POINTS(), "A") == 2
