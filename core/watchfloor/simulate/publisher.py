"""A ZMQ publisher as MISP's: one frame a message, and nothing kept for who comes late."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Self

import zmq
from zmq.auth.thread import ThreadAuthenticator

from watchfloor.errors import WatchfloorError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Event

    from watchfloor.simulate.message import Message

URL = "tcp://127.0.0.1:50000"
# How far ahead of its time a message may go: finer than this the clock is not asked to sleep.
AHEAD = 0.001


@dataclass(frozen=True)
class Plain:
    """Subscribers must give this name and password."""

    username: str
    password: str


class Publisher:
    """A bound PUB socket; close it, or use it as a context manager, in the thread that made it.

    In `url` the port 0 has one chosen; the attribute `url` tells which. `high_water_mark` is how many
    messages are kept for a slow subscriber before it loses some: MISP keeps 1000, 0 is no limit. What
    cannot be sent within `linger` seconds of closing is dropped. An address that is taken is a
    WatchfloorError.
    """

    def __init__(
        self,
        url: str = URL,
        security: Plain | None = None,
        *,
        high_water_mark: int = 1000,
        linger: float = 1.0,
    ) -> None:
        self._context = zmq.Context()
        self._authenticator: ThreadAuthenticator | None = None
        # XPUB is PUB on the wire, but lets us see who subscribes.
        self._socket = self._context.socket(zmq.XPUB)
        self._subscriptions: set[bytes] = set()
        self._socket.sndhwm = high_water_mark
        self._socket.linger = ceil(linger * 1000)
        try:
            if security is not None:
                self._secure(security)
            self.url = self._bind(url)
        except BaseException:
            self.close()
            raise

    def send(self, message: Message) -> None:
        """Send a message to whoever is there; it never waits."""
        self._socket.send(message.frame)

    def wait_for_subscriber(self, timeout: float) -> bool:
        """Wait until somebody is subscribed, so that nothing sent from now on is lost on them."""
        deadline = time.monotonic() + timeout
        while not self._subscribed():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._socket.poll(ceil(left * 1000))
        return True

    def close(self) -> None:
        """Send what is still waiting, for as long as `linger` says, and release the port."""
        self._socket.close()
        if self._authenticator is not None:
            self._authenticator.stop()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _subscribed(self) -> bool:
        while self._socket.poll(0):
            frame = self._socket.recv()
            if frame[:1] == b"\x01":
                self._subscriptions.add(frame[1:])
            else:
                self._subscriptions.discard(frame[1:])
        return bool(self._subscriptions)

    def _secure(self, security: Plain) -> None:
        self._authenticator = ThreadAuthenticator(self._context)
        self._authenticator.start()
        self._authenticator.configure_plain(passwords={security.username: security.password})
        self._socket.plain_server = True

    def _bind(self, url: str) -> str:
        try:
            self._socket.bind(re.sub(r":0$", ":*", url))
        except zmq.ZMQError as error:
            raise WatchfloorError(
                f"cannot publish on {url}: {error.strerror}; choose another address or port"
            ) from error
        return self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")


def play(publisher: Publisher, messages: Iterable[Message], stop: Event, *, speed: float | None = 1.0) -> int:
    """Send messages in their time until they end or `stop` is set; return how many were sent.

    The first one goes at once, and the others at their distance from it divided by `speed`; what is
    late is sent at once. With `speed` None all go as fast as they can.
    """
    count = 0
    begin: float | None = None
    for message in messages:
        if stop.is_set():
            break
        if speed is not None:
            if begin is None:
                begin = time.monotonic() - message.time / speed
            early = begin + message.time / speed - time.monotonic()
            if early > AHEAD and stop.wait(early):
                break
        publisher.send(message)
        count += 1
    return count
