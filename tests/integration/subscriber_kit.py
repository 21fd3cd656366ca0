"""A publisher that sends any bytes, and subscribers to it."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq
from zmq.auth import CURVE_ALLOW_ANY
from zmq.auth.thread import ThreadAuthenticator

from watchfloor.config.settings import FeedSettings, Settings, SubscriberSettings, WorkerSettings
from watchfloor.store.clients import Commands
from watchfloor.store.keys import FEED_STATS, STREAM
from watchfloor.subscriber import Subscriber

LEASE = 1.0


def _address() -> str:
    """An address that nobody else uses: a port may be one that some subscriber still tries to reach."""
    octets = [random.randint(1, 254) for _ in range(3)] if sys.platform == "linux" else [0, 0, 1]
    return ".".join(map(str, [127, *octets]))


class Feed:
    """A publisher on a port of its own; `plain` is a name and a password, `curve` the secret key.

    `hold` is how many messages are kept for a slow subscriber before it loses some; 0 is no limit.
    """

    def __init__(
        self, plain: tuple[str, str] | None = None, curve: bytes | None = None, hold: int = 0
    ) -> None:
        self._hold = hold
        self._plain = plain
        self._curve = curve
        self.url = f"tcp://{_address()}:*"
        self.open()

    def open(self) -> None:
        """Bind, for the first time or again where it was before."""
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._authenticator = self._guard() if self._plain or self._curve else None
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.linger, self._socket.sndhwm = 1000, self._hold
        self._socket.set(zmq.XPUB_VERBOSE, 1)
        self._socket.plain_server = bool(self._plain)
        if self._curve:
            self._socket.curve_server, self._socket.curve_secretkey = True, self._curve
        self._socket.bind(self.url)
        self.url = self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def _guard(self) -> ThreadAuthenticator:
        guard = ThreadAuthenticator(self._context)
        guard.start()
        if self._plain:
            guard.configure_plain(passwords=dict([self._plain]))
        guard.configure_curve(location=CURVE_ALLOW_ANY)
        return guard

    def met(self, listeners: int = 1, seconds: float = 10.0) -> bool:
        """Whether that many more subscribers come within that time."""
        while listeners and self._socket.poll(int(seconds * 1000)):
            listeners -= self._socket.recv() == b"\x01"
        return not listeners

    def send(self, *frames: bytes) -> None:
        """Send messages of one frame each."""
        for frame in frames:
            self._socket.send(frame)

    def send_parts(self, *parts: bytes) -> None:
        """Send one message of several frames."""
        self._socket.send_multipart(parts)

    def close(self) -> None:
        """Send what waits, and release the port."""
        self._socket.close()
        if self._authenticator:
            self._authenticator.stop()
        self._context.term()


def numbered(start: int, end: int, size: int = 20) -> list[bytes]:
    """Messages that tell their number."""
    return [b'misp_json_tag {"n":"%d","x":"%s"}' % (number, b"x" * size) for number in range(start, end)]


def settings_for(data: Path, url: str = "tcp://127.0.0.1:1", **options: Any) -> Settings:
    """One feed, `misp`; options are of the feed or of the subscriber."""
    limits = {name: options.pop(name) for name in SubscriberSettings.__struct_fields__ if name in options}
    return Settings(
        data=str(data),
        feeds=(FeedSettings(name="misp", url=url, **options),),
        subscriber=SubscriberSettings(**limits),
        worker=WorkerSettings(lease_seconds=LEASE),
    )


@contextmanager
def listening(settings: Settings, url: str) -> Iterator[None]:
    """A subscriber at work."""
    stop = threading.Event()
    thread = threading.Thread(target=Subscriber(settings, url).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


_PROCESS = """
import sys, threading
from signal import SIGTERM, signal
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from subscriber_kit import settings_for
from watchfloor.subscriber import Subscriber
stop = threading.Event()
signal(SIGTERM, lambda *_: stop.set())
Subscriber(settings_for(Path(sys.argv[2]), sys.argv[3]), sys.argv[4]).run(stop)
"""


@contextmanager
def process(data: Path, feed: str, redis: str) -> Iterator[subprocess.Popen[bytes]]:
    """A subscriber in a process of its own; ended by force if it still runs in the end."""
    arguments = [str(Path(__file__).parent), str(data), feed, redis]
    with subprocess.Popen([sys.executable, "-c", _PROCESS, *arguments]) as popen:
        try:
            yield popen
        finally:
            popen.kill()


def stored(redis: Commands) -> list[bytes]:
    """The frames in the stream."""
    return [fields[b"m"] for _, fields in redis.xrange(STREAM(feed="misp"))]


def stats(redis: Commands) -> dict[str, str]:
    """The state of the feed."""
    return {name.decode(): value.decode() for name, value in redis.hgetall(FEED_STATS(feed="misp")).items()}
