"""Every hop from MISP to the screen, looked at now: the core's own, and what plugins check.

What hangs is cut off and told as that; what raises costs its own check.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from watchfloor.health import Check, FeedLight, Health, HealthState, Probe
from watchfloor.web.errors import reason
from watchfloor.web.health.worker import read_worker, verdict
from watchfloor.web.limits import within
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.web.state import Web
    from watchfloor.web.status import FeedStatus, Status

CORE = "watchfloor"
SECONDS = 2.0  # that a check may take
AGE = 2.5  # seconds for which the answers are good: more than the slowest takes, so that none is asked twice
FAR = 60.0  # seconds that messages may wait before the site is not ready
_BLIND = Health("failing", "Not known: Redis does not answer.")
_LISTENED = frozenset({"alive", "quiet", "silent", "refused", "unreachable"})


@dataclass(frozen=True)
class Result:
    """What a check came to. `owner` is the plugin, or "watchfloor"."""

    owner: str
    name: str
    health: Health
    critical: bool = False
    meaning: str = ""
    milliseconds: float = 0.0

    @property
    def title(self) -> str:
        """Its name, for people."""
        return (
            f"{self.name[:1].upper()}{self.name[1:]}" if self.owner == CORE else f"{self.owner}: {self.name}"
        )

    @property
    def state(self) -> HealthState:
        """The state, for machines."""
        return self.health.state


def ready(results: Sequence[Result]) -> bool:
    """Whether nothing fails that the site cannot do without."""
    return not any(result.critical and result.state == "failing" for result in results)


async def examine(web: Web) -> Sequence[Result]:
    """Every check, once for all who ask within two seconds: feeds, Redis, worker, plugins, live stream."""
    return await web.health.get("", (), lambda: _examine(web))


async def _examine(web: Web) -> Sequence[Result]:
    began = time.perf_counter()
    status = await read_status(web.redis, web.site.settings)
    redis = Result(
        CORE, "redis", _redis(status), critical=True, meaning="The store of everything that is counted.",
        milliseconds=_since(began),
    )  # fmt: skip
    checks = [_worker(web), *((plugin.name, one) for plugin in web.site.plugins for one in plugin.checks)]
    if status.trouble:
        others = [Result(owner, c.name, _BLIND, c.critical, c.meaning) for owner, c in checks]
    else:
        probe = Probe(web.redis, [FeedLight(f.name, f.state, f.text, f.topics) for f in status.feeds])
        others = await asyncio.gather(*(_run(web, owner, check, probe) for owner, check in checks))
    return [*_feeds(status), redis, *others, _live(web)]


def _redis(status: Status) -> Health:
    return Health("failing", f"{status.trouble}.") if status.trouble else Health("ok", "It answers.")


def _feeds(status: Status) -> list[Result]:
    meaning = "A MISP's publisher, and the subscriber that listens to it."
    if not status.feeds:
        text = "No feed is configured, so nothing will arrive: name a MISP under feeds in config.yaml."
        return [Result(CORE, "feeds", Health("warning", text), meaning=meaning)]
    return [
        Result(CORE, f"feed {feed.name}", _feed(feed), critical=True, meaning=meaning)
        for feed in status.feeds
    ]


def _feed(feed: FeedStatus) -> Health:
    """A MISP that is silent is not our failure; a feed that nobody listens to is."""
    if feed.state == "alive":
        return Health("ok", feed.text)
    return Health("warning" if feed.state in _LISTENED else "failing", feed.text)


def _worker(web: Web) -> tuple[str, Check]:
    feeds = [feed.name for feed in web.site.settings.feeds]

    async def run(probe: Probe) -> Health:
        return verdict(await read_worker(probe.redis, feeds), FAR)

    return CORE, Check("worker", run, critical=True, meaning="Counts what arrived, plugin by plugin.")


def _live(web: Web) -> Result:
    browsers = web.hub.browsers
    follow = "1 browser follows" if browsers == 1 else f"{browsers:,} browsers follow"
    told = Health("ok", f"{follow} what happens.")
    if web.hub.away:
        told = Health("warning", "It waits for Redis, and goes on from where it was.")
    return Result(CORE, "live stream", told, meaning="From the worker to the browsers.")


async def _run(web: Web, owner: str, check: Check, probe: Probe) -> Result:
    began = time.perf_counter()
    try:
        health = await within(SECONDS, _answer(check, probe))
    except Exception as error:  # noqa: BLE001 (whatever a check raises is its own failure)
        error_id = web.errors.keep(error, owner, f"check '{check.name}'", "check")
        health = Health("failing", f"It could not tell: {reason(error)}. The log says more under {error_id}.")
    return Result(owner, check.name, health, check.critical, check.meaning, _since(began))


async def _answer(check: Check, probe: Probe) -> Health:
    health = await check.run(probe)
    if not isinstance(health, Health):
        raise TypeError(f"run must return a Health, not {type(health).__name__}")
    if health.state not in get_args(HealthState):
        raise ValueError(f"a Health is one of {', '.join(get_args(HealthState))}, not {health.state!r}")
    return health


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
