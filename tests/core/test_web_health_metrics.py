"""The metrics: text that Prometheus reads, names that the documents list, numbers that are true."""

from __future__ import annotations

import re
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import watchfloor
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import FAILURE_COUNTS, FEED_STATS, LEASE, STREAM, WORKER_STATS
from watchfloor.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchfloor.testing import SiteMaker, SiteUnderTest

FEED = {"name": "misp-main", "url": "tcp://192.0.2.1:50000"}
PLUGIN = """
from watchfloor import Check, Health, Panel, View, hookimpl

async def soso(probe):
    return Health("warning", "It is so so.")

async def broken(ask):
    raise KeyError("x")

@hookimpl
def health_checks():
    return [Check("soso", soso)]

@hookimpl
def panels():
    return [Panel("broken", "Broken", broken)]
"""
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def site(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteUnderTest]:
    (tmp_path / "odd_metrics.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield make_site(
        {"odd": {}}, {"odd": EntryPoint("odd", "odd_metrics", "watchfloor.plugins")}, feeds=[FEED]
    )
    sys.modules.pop("odd_metrics", None)


def fill(site: SiteUnderTest) -> None:
    """As if feed and worker had been busy."""
    now = time.time()
    site.redis.hset(
        FEED_STATS(feed="misp-main"),
        mapping={
            "connection": "connected", "listening": now, "since": now - 60, "last_seen": 1795693550.5,
            "messages": 12, "bytes": 3456, "spool": 7, "refused": 2, "dropped": 1, "reconnects": 3,
            "auth_refused": 4, "received:misp_json": 5, 'received:odd"\\\ntopic': 6,
        },
    )  # fmt: skip
    site.redis.hset(
        WORKER_STATS(),
        mapping={"messages": 11, "activities:AttributeShared": 9, "microseconds:odd": 2_500_000},
    )
    site.redis.hset(FAILURE_COUNTS(), mapping={"odd:handler": 2})
    site.redis.set(LEASE(name="worker"), "host:1:x")
    received = int((now - 30) * 1000)
    site.redis.execute_command("XADD", STREAM(feed="misp-main"), f"{received}-0", "m", "misp_json {}")


def scraped(browser: TestClient) -> Samples:
    """Every sample by its name and labels."""
    answer = browser.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def sample(found: Samples, name: str, **labels: str) -> Any:
    return found[f"watchfloor_{name}", tuple(sorted(labels.items()))]


def test_the_numbers_are_those_of_the_site(site: SiteUnderTest) -> None:
    fill(site)
    with TestClient(site.app()) as browser:
        assert browser.get("/nowhere").status_code == 404
        assert browser.get("/panel/odd/broken").status_code == 200
        assert browser.get("/live?channels=x/y").status_code == 404
        found = scraped(browser)
    feed = {"feed": "misp-main"}
    for name, value in {
        "feed_messages_total": 12, "feed_received_bytes_total": 3456, "feed_spooled_messages": 7,
        "feed_refused_messages_total": 2, "feed_dropped_messages_total": 1, "feed_reconnects_total": 3,
        "feed_auth_refused_total": 4, "feed_last_message_timestamp_seconds": 1795693550.5,
        "feed_stream_messages": 1,
    }.items():  # fmt: skip
        assert sample(found, name, **feed) == value, name
    assert sample(found, "feed_topic_messages_total", topic="misp_json", **feed) == 5
    assert sample(found, "feed_topic_messages_total", topic='odd"\\\ntopic', **feed) == 6
    assert 30 <= sample(found, "feed_lag_seconds", **feed) < 60
    assert 30 <= sample(found, "worker_behind_seconds") < 60
    states = {
        dict(labels)["state"]: v for (name, labels), v in found.items() if name == "watchfloor_feed_state"
    }
    assert [state for state, value in states.items() if value] == ["quiet"]
    assert sample(found, "redis_up") == sample(found, "worker_up") == 1
    assert sample(found, "worker_messages_total") == 11
    assert sample(found, "worker_activities_total", activity="AttributeShared") == 9
    assert sample(found, "worker_failures_total", plugin="odd", kind="handler") == 2
    assert sample(found, "worker_handler_seconds_total", plugin="odd") == 2.5
    assert sample(found, "check_state", owner="odd", check="soso") == 0.5
    assert sample(found, "check_state", owner="watchfloor", check="redis") == 1
    assert sample(found, "web_requests_total", route="other", status="404") == 1
    assert sample(found, "web_requests_total", route="panel", status="200") == 1
    assert sample(found, "web_requests_total", route="live", status="404") == 1
    assert sample(found, "web_errors_total", plugin="odd", kind="panel") == 1
    assert sample(found, "live_browsers") == 0
    assert ("watchfloor_build_info", watchfloor.__version__) in {
        (name, dict(labels).get("version")) for name, labels in found
    }


def test_the_table_of_the_documents_lists_every_metric_and_its_labels(site: SiteUnderTest) -> None:
    fill(site)
    table = re.findall(
        r"^\| `(watchfloor_\w+)` \| ([^|]*) \|", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE
    )
    documented = {name: tuple(sorted(re.findall(r"`(\w+)`", labels))) for name, labels in table}
    with TestClient(site.app()) as browser:
        browser.get("/panel/odd/broken")
        browser.get("/")
        found = scraped(browser)
    told = {
        name: tuple(label for label, _ in labels) for name, labels in found if name.startswith("watchfloor_")
    }
    assert documented == told


def test_without_redis_it_tells_what_it_knows(site: SiteUnderTest, tmp_path: Path) -> None:
    with (
        EmbeddedServer(tmp_path / "away") as server,
        TestClient(create_app(site.site, server.url)) as browser,
    ):
        server.stop()
        found = scraped(browser)
    assert sample(found, "redis_up") == 0
    assert sample(found, "check_state", owner="watchfloor", check="redis") == 0
    assert sample(found, "live_browsers") == 0
    assert not [name for name, _ in found if name.startswith(("watchfloor_feed", "watchfloor_worker"))]
