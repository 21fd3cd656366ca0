"""How the site is doing, as every page shows it: the feeds' lights, and whether Redis answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from watchfloor.store.checks import explain
from watchfloor.store.keys import DEMO, FEED_STATS, LIVE_LAST
from watchfloor.subscriber.states import feed_state, number, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchfloor.config import FeedSettings, Settings
    from watchfloor.store.clients import AsyncRedis

_PATIENCE = 2.0  # seconds in which Redis must answer before the page says that it does not
_TOPIC = "received:"
_COUNTS = {
    "messages": "messages",
    "bytes": "bytes",
    "spooled": "spool",
    "refused": "refused",
    "dropped": "dropped",
    "reconnects": "reconnects",
    "auth_refused": "auth_refused",
}


@dataclass(frozen=True)
class FeedStatus:
    """A feed: its light, what to know and do about it, and what it sent so far, by topic.

    `seen` is how many seconds ago its last message came, `last_seen` that moment in Unix seconds. Of its
    messages `spooled` wait on disk, `refused` were too large, and `dropped` could be kept nowhere. `bytes`
    is the size of all, `reconnects` how often the connection was made anew, `auth_refused` how often the
    publisher refused us.
    """

    name: str
    url: str
    state: str
    text: str
    seen: float | None = None
    last_seen: float | None = None
    messages: int = 0
    bytes: int = 0
    topics: Mapping[str, int] = field(default_factory=dict)
    spooled: int = 0
    refused: int = 0
    dropped: int = 0
    reconnects: int = 0
    auth_refused: int = 0

    @property
    def words(self) -> str:
        """Its state in a word or two: "alive", "quiet 3 min"."""
        waited = self.state in ("quiet", "silent") and self.seen is not None
        return f"{self.state} {span(self.seen or 0)}" if waited else self.state

    @property
    def light(self) -> dict[str, str | int]:
        """What browsers are told when it changes."""
        return {
            "name": self.name,
            "state": self.state,
            "words": self.words,
            "text": self.text,
            "messages": self.messages,
        }


@dataclass(frozen=True)
class Status:
    """The site at one moment. `trouble` says why Redis does not answer, or is "".

    `position` is the id of the last live item at that moment, or "".
    """

    feeds: tuple[FeedStatus, ...]
    demo: bool = False
    position: str = ""
    trouble: str = ""


async def read_status(redis: AsyncRedis, settings: Settings) -> Status:
    """Ask Redis, in one round trip; an answer comes within seconds in any case."""
    try:
        async with asyncio.timeout(_PATIENCE), redis.pipeline(transaction=True) as pipe:
            pipe.get(DEMO())
            pipe.get(LIVE_LAST())
            for feed in settings.feeds:
                pipe.hgetall(FEED_STATS(feed=feed.name))
            demo, position, *stats = await pipe.execute()
    except RedisError as error:
        return _blind(settings, explain(error, redis.where))
    except TimeoutError:
        return _blind(settings, f"Redis at {redis.where} does not answer in {_PATIENCE:g} seconds")
    now = time.time()
    feeds = [_feed(feed, found, settings, now) for feed, found in zip(settings.feeds, stats, strict=True)]
    return Status(tuple(feeds), bool(demo), position or "")


def _feed(feed: FeedSettings, stats: Mapping[str, str], settings: Settings, now: float) -> FeedStatus:
    listening = settings.subscriber
    told = feed_state(stats, now, listening.quiet_after, listening.silent_after)
    last = number(stats, "last_seen")
    counted = {name: int(number(stats, field)) for name, field in _COUNTS.items()}
    return FeedStatus(
        name=feed.name,
        url=feed.url,
        state=told.state,
        text=_sentence(told.text),
        seen=max(0.0, now - last) if last else None,
        last_seen=last or None,
        topics=_topics(stats),
        **counted,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _topics(stats: Mapping[str, str]) -> dict[str, int]:
    """Messages by topic, the most frequent first."""
    found = {name.removeprefix(_TOPIC): int(n) for name, n in stats.items() if name.startswith(_TOPIC)}
    return dict(sorted(found.items(), key=lambda topic: -topic[1]))


def _blind(settings: Settings, trouble: str) -> Status:
    text = "Not known: Redis does not answer."
    return Status(tuple(FeedStatus(f.name, f.url, "unknown", text) for f in settings.feeds), trouble=trouble)
