"""A MISP of the test's own: numbered messages on a ZMQ socket, which nobody gets twice."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import zmq
from books import frame
from lab import until


class Publisher:
    """Publishes numbered messages, some hundreds a second, from the first subscriber on until `end`.

    `first` are frames that go before them. `sent` is how many were numbered so far.
    """

    def __init__(self, first: Iterable[bytes] = (), every: float = 0.02, group: int = 20) -> None:
        self.sent = 0
        self.met = threading.Event()
        self._first = list(first)
        self._pace = every, group
        self._stop = threading.Event()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.sndhwm = 0
        # Nobody of an earlier test still tries to connect there; Linux alone has all of 127.0.0.0/8.
        host = f"tcp://127.{secrets.randbelow(254) + 1 if sys.platform == 'linux' else 0}.0.1"
        self.url = f"{host}:{self._socket.bind_to_random_port(host)}"
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()

    def _publish(self) -> None:
        with self._context, self._socket:
            while not self._socket.poll(50):
                if self._stop.is_set():
                    return
            self._socket.recv()
            self.met.set()
            for one in self._first:
                self._socket.send(one)
            every, group = self._pace
            while not self._stop.wait(every):
                for _ in range(group):
                    self._socket.send(frame(self.sent))
                    self.sent += 1

    def end(self) -> range:
        """Stop; the numbers of what was sent."""
        self._stop.set()
        self._thread.join()
        return range(self.sent)

    def wait(self, more: int) -> None:
        """Until so many more are sent."""
        goal = self.sent + more
        until(lambda: self.sent >= goal, f"{more} more messages")


@contextmanager
def publishing(first: Iterable[bytes] = (), group: int = 20) -> Iterator[Publisher]:
    """A publisher, until the end of the block."""
    publisher = Publisher(first, group=group)
    try:
        yield publisher
    finally:
        publisher.end()
