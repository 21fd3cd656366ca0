"""A plugin that fails costs itself one message; the others go on, and the failure can be retried."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from watchfloor.plugins import GROUP
from watchfloor.store import failures
from watchfloor.store.keys import FAILURE_COUNTS, STREAM, WORKER_STATS
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.worker.retry import retry

GOOD = """
from watchfloor import AttributeShared, Channel, Handler, Keys, RawHandler, hookimpl
KEYS = Keys("{name}:{{org}}", "string", "attributes")
LIVE = Channel("live")
OTHER = Keys("other:{{org}}", "string", "of another plugin")

@hookimpl
def redis_keys(): return [KEYS]

@hookimpl
def live_channels(): return [LIVE]

def count(attribute, writes):
    writes.incrby(KEYS(org=attribute.event.org))
    writes.publish(LIVE, {{"value": attribute.value}})
    {then}

def report(message, writes):
    writes.incrby(KEYS(org="raw"))

@hookimpl
def message_handlers():
    return [Handler(AttributeShared, count{how}), RawHandler("misp_json_report", report)]
"""
SLOW = """if attribute.value == 'bad':
        while True:
            try: sum(range(1000))
            except Exception: pass"""
MISBEHAVIOUR = {
    "raises": (
        "if attribute.value == 'bad': raise ValueError('no such <value>')",
        "ValueError: no such <value>",
    ),
    "writes outside its keys": (
        "if attribute.value == 'bad': writes.incrby(OTHER(org='x'))",
        "did not declare other:{org}",
    ),
    "uses another type": (
        "if attribute.value == 'bad': writes.sadd(KEYS(org='x'), 'y')",
        "declared as a string",
    ),
    "recurses": ("if attribute.value == 'bad': count(attribute, writes)", "RecursionError"),
    "is slow": (SLOW, "took longer than worker.handler_seconds"),
}
Make = Callable[..., SiteUnderTest]


@pytest.fixture
def make(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A site with a plugin `good` before and after one that misbehaves."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(then: str = "pass", first: str = "", **settings: object) -> SiteUnderTest:
        points = {}
        for name, code, how in (("first", "pass", first), ("rogue", then, ""), ("last", "pass", "")):
            module = f"worker_{abs(hash(tmp_path))}_{name}"
            (tmp_path / f"{module}.py").write_text(GOOD.format(name=name, then=code, how=how))
            points[name] = EntryPoint(name, module, GROUP)
        return make_site(
            {name: {} for name in points},
            points,
            feeds=[{"name": "misp", "url": "tcp://127.0.0.1:1"}],
            **settings,
        )

    return make


def put(site: SiteUnderTest, topic: str, body: object) -> None:
    frame = f"{topic} ".encode() + (body if isinstance(body, bytes) else json.dumps(body).encode())
    site.redis.xadd(STREAM(feed="misp"), {"m": frame})


def attribute(value: str, number: int, distribution: str = "3") -> dict[str, object]:
    org = {"id": "2", "name": "Aurora"}
    return {
        "Attribute": {"id": str(number), "uuid": f"0cda0c2f-3c87-40dd-bbc8-{number:012}", "event_id": "42",
                      "type": "domain", "category": "Network activity", "value": value,
                      "timestamp": "1729500000", "distribution": "5"},
        "Event": {"id": "42", "info": "x", "org_id": "1", "orgc_id": "2", "distribution": distribution,
                  "Orgc": org},
        "action": "add",
    }  # fmt: skip


def counts(site: SiteUnderTest) -> tuple[int, int, int]:
    first, rogue, last = (int(site.redis.get(f"{name}:Aurora") or 0) for name in ("first", "rogue", "last"))
    return first, rogue, last


@pytest.mark.parametrize("behaviour", MISBEHAVIOUR)
def test_only_the_rogue_loses_only_that_message(make: Make, behaviour: str) -> None:
    then, error = MISBEHAVIOUR[behaviour]
    site = make(then, worker={"handler_seconds": 1.0})
    for number, value in enumerate(("fine", "bad", "fine too")):
        put(site, "misp_json_attribute", attribute(value, number))
    assert site.work() == 3
    assert counts(site) == (3, 2, 3)
    [failure] = failures.read(site.redis)
    assert failure.plugin == "rogue"
    assert error in failure.error
    assert failure.retriable
    assert site.redis.hget(FAILURE_COUNTS(), f"rogue:{failure.kind}") == b"1"


def test_a_failure_that_is_retried_counts_once_and_for_the_rogue_only(make: Make, tmp_path: Path) -> None:
    site = make(f"if not __import__('os').path.exists('{tmp_path}/mended'): raise ValueError('not yet')")
    put(site, "misp_json_attribute", attribute("a", 1))
    site.work()
    assert counts(site) == (1, 0, 1)
    [failure] = failures.read(site.redis)
    assert "not yet" in (retry(site.site, site.redis, failure) or "")
    assert counts(site) == (1, 0, 1)
    (tmp_path / "mended").touch()
    assert retry(site.site, site.redis, failure) is None
    assert retry(site.site, site.redis, failure) == "was removed meanwhile"
    assert counts(site) == (1, 1, 1)
    assert failures.read(site.redis) == []


def test_a_retry_sees_a_version_as_new_when_it_was_new_back_then(make: Make, tmp_path: Path) -> None:
    site = make(
        f"if not __import__('os').path.exists('{tmp_path}/mended'): raise ValueError('not yet')\n"
        "    writes.incrby(KEYS(org='new' if attribute.new else 'seen'))"
    )
    for _ in range(2):
        put(site, "misp_json_attribute", attribute("a", 1))
    site.work()
    (tmp_path / "mended").touch()
    assert [retry(site.site, site.redis, failure) for failure in failures.read(site.redis)] == [None, None]
    assert (site.redis.get("rogue:new"), site.redis.get("rogue:seen")) == (b"1", b"1")


def test_undecodable_and_unknown_messages_are_kept_and_the_good_ones_between_them_count(make: Make) -> None:
    site = make()
    put(site, "misp_json_attribute", attribute("a", 1))
    put(site, "misp_json_attribute", b'{"Attribute": {"id"')
    put(site, "misp_json_novelty", {"x": 1})
    put(site, "misp_json_attribute", attribute("b", 2))
    site.work()
    assert counts(site) == (2, 2, 2)
    kinds = {f.kind: f for f in failures.read(site.redis)}
    assert set(kinds) == {"undecodable", "unknown-topic"}
    assert kinds["unknown-topic"].topic == "misp_json_novelty"
    assert kinds["undecodable"].raw == b'{"Attribute": {"id"'
    assert all(failure.plugin == "core" for failure in kinds.values())


def test_a_topic_that_the_core_does_not_know_goes_to_the_plugins_that_do(make: Make) -> None:
    site = make()
    put(site, "misp_json_report", {"EventReport": {}})
    site.work()
    assert site.redis.get("first:raw") == site.redis.get("last:raw") == b"1"
    assert site.failures() == []


def test_a_command_that_redis_refuses_is_held_against_the_plugin_and_the_rest_applies(make: Make) -> None:
    site = make()
    site.redis.sadd("rogue:Aurora", "a key of another type in the way")
    put(site, "misp_json_attribute", attribute("a", 1))
    site.work()
    assert site.redis.get("first:Aurora") == site.redis.get("last:Aurora") == b"1"
    [failure] = site.failures()
    assert failure.startswith("rogue: redis: 1 writes refused: WRONGTYPE")


def test_a_community_audience_keeps_the_rest_off_the_handlers(make: Make) -> None:
    site = make(audience="community")
    for number, distribution in enumerate(("0", "1", "2", "3", "4")):
        put(site, "misp_json_attribute", attribute("a", number, distribution))
    site.work()
    assert counts(site) == (3, 3, 3)
    assert site.redis.hget(WORKER_STATS(), "restricted") == b"2"


def test_a_handler_may_be_entitled_to_what_not_everyone_sees(make: Make) -> None:
    site = make(audience="community", first=", entitled=True")
    for number, distribution in enumerate(("0", "3")):
        put(site, "misp_json_attribute", attribute("a", number, distribution))
    site.work()
    assert counts(site) == (2, 1, 1)
    assert site.redis.hget(WORKER_STATS(), "restricted") == b"1"


def test_slow_plugins_can_be_told_from_the_counters(make: Make) -> None:
    site = make("__import__('time').sleep(0.05)")
    put(site, "misp_json_attribute", attribute("a", 1))
    site.work()
    spent = {
        name: int(site.redis.hget(WORKER_STATS(), f"microseconds:{name}") or 0) for name in ("first", "rogue")
    }
    assert spent["rogue"] > 40_000 > spent["first"]


def test_a_flood_of_failures_is_bounded_but_counted(make: Make) -> None:
    site = make("raise ValueError('always')", worker={"failures_kept": 100, "batch": 500})
    for number in range(1500):
        put(site, "misp_json_attribute", attribute("a", number))
    site.work()
    assert counts(site) == (1500, 0, 1500)
    assert site.redis.hget(FAILURE_COUNTS(), "rogue:handler") == b"1500"
    assert 0 < len(failures.read(site.redis, 2000)) <= 300
