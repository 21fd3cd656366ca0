"""What comes while the spool is worked off is on disk as well, not in memory until its turn comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from subscriber_kit import numbered, settings_for, stored

from watchfloor.config.settings import RedisSettings
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import STREAM
from watchfloor.subscriber.inbox import Inbox
from watchfloor.subscriber.keeper import Keeper
from watchfloor.subscriber.link import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SPOOLED = 2000


def receive(inbox: Inbox, frames: Sequence[bytes]) -> None:
    inbox.put(time.time_ns() // 1_000_000, frames)


def step_until(keeper: Keeper, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        keeper.step()


def test_what_comes_behind_the_spool_does_not_wait_in_memory(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, group=1)
    inbox, link = Inbox(1 << 30), Link("misp", "tcp://127.0.0.1:1", "feeds[0]", 30, 300)
    with (
        EmbeddedServer(tmp_path / "redis") as server,
        connect(RedisSettings(), server.url, role="test") as redis,
    ):
        keeper = Keeper(redis, settings.feeds[0], settings, inbox, link)
        server.stop()
        receive(inbox, numbered(0, SPOOLED))
        step_until(keeper, lambda: not len(inbox))
        server.start()
        step_until(keeper, lambda: keeper.role == "holder")
        receive(inbox, numbered(SPOOLED, SPOOLED + 100))
        step_until(keeper, lambda: not len(inbox))
        assert redis.xlen(STREAM(feed="misp")) < SPOOLED
        step_until(keeper, lambda: redis.xlen(STREAM(feed="misp")) == SPOOLED + 100)
        assert stored(redis) == numbered(0, SPOOLED + 100)
