"""The subscriber: ZMQ -> durable streams. It does nothing else, and never stops doing it.

Each feed has a thread that receives and a thread that stores. A message that was received is in the
memory of this process for a moment, then in Redis, or on disk while Redis cannot take it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import zmq

from watchfloor.errors import WatchfloorError
from watchfloor.store.connect import connect
from watchfloor.subscriber.inbox import Inbox
from watchfloor.subscriber.keeper import Keeper
from watchfloor.subscriber.link import Link
from watchfloor.subscriber.listener import Listener, check

if TYPE_CHECKING:
    from watchfloor.config.settings import Settings

_TICK = 0.5


class Subscriber:
    """Listens to all feeds of the settings; `url` is where Redis is (not `embedded`).

    Faulty addresses and keys are a ConfigError. Neither Redis nor the publishers need be there.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self._receiving: list[Listener] = []
        self._storing: list[Keeper] = []
        limits = settings.subscriber
        for number, feed in enumerate(settings.feeds):
            path = f"feeds[{number}]"
            check(feed, path)
            inbox = Inbox(limits.memory_limit)
            link = Link(feed.name, feed.url, path, limits.quiet_after, limits.silent_after)
            redis = connect(settings.redis, url, role=f"subscribe-{feed.name}")
            self._receiving.append(Listener(feed, inbox, link))
            self._storing.append(Keeper(redis, feed, settings, inbox, link))

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop`; what was received by then is stored or spooled when this returns."""
        no_more = threading.Event()
        with zmq.Context() as context:
            receiving = [threading.Thread(target=one.run, args=(context, stop)) for one in self._receiving]
            storing = [threading.Thread(target=one.run, args=(no_more,)) for one in self._storing]
            for thread in receiving + storing:
                thread.start()
            try:
                _watch(receiving + storing, stop)
            finally:
                stop.set()
                _join(receiving)
                no_more.set()
                _join(storing)


def _watch(threads: list[threading.Thread], stop: threading.Event) -> None:
    while not stop.wait(_TICK):
        if not all(thread.is_alive() for thread in threads):
            raise WatchfloorError("a thread of the subscriber ended by an error of its own (see above)")


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
