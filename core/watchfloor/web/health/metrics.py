"""`/metrics`: how everything is, as Prometheus reads it. Names end as its conventions want them to."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from starlette.responses import Response

import watchfloor
from watchfloor.subscriber.states import State
from watchfloor.web.health.checks import SECONDS, examine
from watchfloor.web.health.worker import WorkerStatus, read_worker
from watchfloor.web.limits import within
from watchfloor.web.state import web_of
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prometheus_client.metrics_core import Metric
    from starlette.requests import Request

    from watchfloor.web.health.checks import Result
    from watchfloor.web.state import Web
    from watchfloor.web.status import FeedStatus, Status

    Value = Callable[[FeedStatus], float | None]

_P = "watchfloor_"


@dataclass(frozen=True)
class Snapshot:
    """What one scrape is told of; `worker` is None while Redis does not answer."""

    web: Web
    status: Status
    worker: WorkerStatus | None
    results: Sequence[Result]


async def metrics(request: Request) -> Response:
    """Everything at this moment; what Redis would tell is left out while it does not answer."""
    shot = await _snapshot(web_of(request))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families(shot)))
    ProcessCollector(registry=registry)
    fresh = {"cache-control": "no-store"}
    return Response(generate_latest(registry), headers=fresh, media_type=CONTENT_TYPE_LATEST)


async def _snapshot(web: Web) -> Snapshot:
    results = await examine(web)
    status = await read_status(web.redis, web.site.settings)
    try:
        worker = None if status.trouble else await within(SECONDS, _worker(web))
    except (RedisError, TimeoutError):
        worker = None
    return Snapshot(web, status, worker, results)


async def _worker(web: Web) -> WorkerStatus:
    return await read_worker(web.redis, [feed.name for feed in web.site.settings.feeds])


class _Collected(Collector):
    """What was collected already."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = list(found)

    def collect(self) -> Iterable[Metric]:
        return self._found


def families(shot: Snapshot) -> Iterator[Metric]:
    """Every metric of Watchfloor's own."""
    told = {"version": watchfloor.__version__, "python": platform.python_version()}
    yield InfoMetricFamily(f"{_P}build", "The version that runs.", told)
    yield _gauge("redis_up", "1 while Redis answers.", [], {(): float(not shot.status.trouble)})
    if not shot.status.trouble:
        yield from _feeds(shot.status.feeds)
    if shot.worker:
        yield from _worker_families(shot.worker)
    yield from _checks(shot.results)
    yield from _live(shot.web)
    yield from _web(shot.web)


# In these, a value stands under the labels that it is for: a tuple, in their order.
def _gauge(name: str, help_: str, labels: Sequence[str], values: Mapping[Any, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(_P + name, help_, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(
    name: str, help_: str, labels: Sequence[str], values: Mapping[Any, float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(_P + name, help_, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


_FEED_COUNTERS: Mapping[str, tuple[str, Value]] = {
    "feed_messages": ("Messages that came from a feed.", lambda feed: feed.messages),
    "feed_received_bytes": ("Bytes that came from a feed.", lambda feed: feed.bytes),
    "feed_refused_messages": ("Messages that were larger than max_message.", lambda feed: feed.refused),
    "feed_dropped_messages": (
        "Messages that were lost: Redis, disk and memory were full or away.",
        lambda feed: feed.dropped,
    ),
    "feed_reconnects": ("Times that the connection was made anew.", lambda feed: feed.reconnects),
    "feed_auth_refused": ("Times that the publisher refused us.", lambda feed: feed.auth_refused),
}


def _feeds(feeds: Sequence[FeedStatus]) -> Iterator[Metric]:
    for name, (help_, value) in _FEED_COUNTERS.items():
        yield _counter(name, help_, ["feed"], {(feed.name,): value(feed) or 0 for feed in feeds})
    topics = {(feed.name, topic): n for feed in feeds for topic, n in feed.topics.items()}
    yield _counter("feed_topic_messages", "Messages by MISP's topic.", ["feed", "topic"], topics)
    states = {(f.name, state): float(state == f.state) for f in feeds for state in get_args(State)}
    yield _gauge("feed_state", "1 for the state that a feed is in.", ["feed", "state"], states)
    seen = {(feed.name,): feed.last_seen for feed in feeds if feed.last_seen is not None}
    yield _gauge("feed_last_message_timestamp_seconds", "When the last message came.", ["feed"], seen)
    spooled = {(feed.name,): float(feed.spooled) for feed in feeds}
    yield _gauge("feed_spooled_messages", "Messages that wait on disk for Redis.", ["feed"], spooled)


def _worker_families(worker: WorkerStatus) -> Iterator[Metric]:
    lags = {(feed,): lag for feed, lag in worker.lags.items()}
    yield _gauge("feed_lag_seconds", "How long the oldest message waits for the worker.", ["feed"], lags)
    streams = {(feed,): float(length) for feed, length in worker.streams.items()}
    yield _gauge("feed_stream_messages", "Messages in the stream, about those that wait.", ["feed"], streams)
    yield _gauge("worker_up", "1 while a worker is at work.", [], {(): float(worker.alive)})
    yield _gauge("worker_behind_seconds", "How far it is behind over all feeds.", [], {(): worker.behind})
    yield _counter("worker_messages", "Messages that were worked off.", [], {(): worker.messages})
    activities = {(name,): float(count) for name, count in worker.activities.items()}
    yield _counter("worker_activities", "What the messages meant.", ["activity"], activities)
    failures = {key: float(count) for key, count in worker.failures.items()}
    yield _counter("worker_failures", "What could not be worked off.", ["plugin", "kind"], failures)
    seconds = {(plugin,): taken for plugin, taken in worker.seconds.items()}
    yield _counter("worker_handler_seconds", "Time that a plugin's handlers took.", ["plugin"], seconds)


_GOOD = {"ok": 1.0, "warning": 0.5, "failing": 0.0}


def _checks(results: Sequence[Result]) -> Iterator[Metric]:
    states = {(result.owner, result.name): _GOOD[result.state] for result in results}
    yield _gauge("check_state", "1 ok, 0.5 warning, 0 failing.", ["owner", "check"], states)
    took = {(result.owner, result.name): result.milliseconds / 1000 for result in results}
    yield _gauge("check_duration_seconds", "How long a check took.", ["owner", "check"], took)


def _live(web: Web) -> Iterator[Metric]:
    hub = web.hub
    yield _gauge("live_browsers", "Browsers on the live stream.", [], {(): float(hub.browsers)})
    yield _counter("live_items", "Items that came on live channels.", [], {(): hub.items})
    yield _counter("live_dropped_items", "Items that browsers read too slowly for.", [], {(): hub.dropped})


def _web(web: Web) -> Iterator[Metric]:
    requests = {key: float(count) for key, count in web.requests.counts.items()}
    yield _counter("web_requests", "Requests that were answered.", ["route", "status"], requests)
    errors = {key: float(count) for key, count in web.errors.counts.items()}
    yield _counter("web_errors", "What was raised in this process.", ["plugin", "kind"], errors)
