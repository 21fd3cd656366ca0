"""The live page, the page on how everything is, and the core's own panels: the feeds, and the worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from watchfloor.contracts import Channel
from watchfloor.panels import Ask, Panel, View
from watchfloor.store.keys import CURSORS, FAILURE_COUNTS, FEEDS, LEASE, STREAM, WORKER_STATS
from watchfloor.web.pages import FEEDS_CHANNEL, page
from watchfloor.web.state import OwnedPanel, web_of
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis
    from starlette.requests import Request
    from starlette.responses import Response

    from watchfloor.config import Settings
    from watchfloor.store.clients import AsyncRedis

OWNER, _, _FEEDS = FEEDS_CHANNEL.partition("/")
_ACTIVITIES = "activities:"
LIVE_RANGE = "48h"
_IN_TIME = 2.0  # seconds that a message may wait before the worker is said to be behind


def core_panels(redis: AsyncRedis, settings: Settings) -> list[OwnedPanel]:
    """The panels of the core; they are kept current by the feeds' lights."""

    async def feeds(_ask: Ask) -> View:
        status = await read_status(redis, settings)
        return View(context={"feeds": status.feeds, "trouble": status.trouble})

    async def worker(ask: Ask) -> View:
        return View(context=await read_worker(ask.redis, [feed.name for feed in settings.feeds]))

    channel = Channel(_FEEDS)
    return [
        OwnedPanel(OWNER, Panel("feeds", "Feeds", feeds, template="feeds.html", channel=channel,
                                home=False, ranged=False)),
        OwnedPanel(OWNER, Panel("worker", "Worker", worker, template="worker.html", channel=channel,
                                home=False, ranged=False)),
    ]  # fmt: skip


async def read_worker(redis: Redis, feeds: Sequence[str]) -> Mapping[str, object]:
    """Whether a worker is at work, how far behind it is, and what it did so far."""
    known = sorted({*feeds, *await redis.smembers(FEEDS())})
    cursors = await redis.hgetall(CURSORS())
    async with redis.pipeline(transaction=False) as pipe:
        pipe.exists(LEASE(name="worker"))
        pipe.hgetall(WORKER_STATS())
        pipe.hgetall(FAILURE_COUNTS())
        for feed in known:
            pipe.xrange(STREAM(feed=feed), "(" + str(cursors.get(feed, "0-0")), "+", count=1)
        alive, stats, failures, *waiting = await pipe.execute()
    oldest = [int(entries[0][0].partition("-")[0]) / 1000 for entries in waiting if entries]
    behind = max(0.0, time.time() - min(oldest)) if oldest else 0.0
    return {
        "alive": bool(alive),
        "behind": behind if behind > _IN_TIME else 0.0,
        "messages": int(stats.get("messages", 0)),
        "activities": _activities(stats),
        "failures": sum(int(count) for count in failures.values()),
    }


def _activities(stats: Mapping[str, str]) -> dict[str, int]:
    found = {
        _spaced(name.removeprefix(_ACTIVITIES)): int(count)
        for name, count in stats.items()
        if name.startswith(_ACTIVITIES)
    }
    return dict(sorted(found.items(), key=lambda activity: -activity[1]))


def _spaced(name: str) -> str:
    """`AttributeShared` -> `attribute shared`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


async def home(request: Request) -> Response:
    """`/`: what happens now; every panel that its plugin puts there."""
    panels = [name for name, owned in web_of(request).panels.items() if owned.panel.home]
    return await page(request, "Live", panels, "watchfloor/home.html", last=LIVE_RANGE)


async def status_page(request: Request) -> Response:
    """`/status`: how everything is."""
    return await page(request, "Health", [f"{OWNER}/feeds", f"{OWNER}/worker"])
