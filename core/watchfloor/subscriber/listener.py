"""Receiving: one thread a feed that drains the socket and does nothing else.

A publisher keeps nothing for who does not read: what is not read in time is gone.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import zmq
from zmq.utils.monitor import parse_monitor_message

from watchfloor.errors import ConfigError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from watchfloor.config.settings import FeedSettings
    from watchfloor.subscriber.inbox import Inbox
    from watchfloor.subscriber.link import Link

Context: TypeAlias = "zmq.Context[zmq.Socket[bytes]]"
Socket: TypeAlias = "zmq.Socket[bytes]"

_ADDRESS = re.compile(r"tcp://[^/\s]+:(\d{1,5})|ipc://.+")
_LAST_PORT = 65535
_DRAIN = 1000  # frames that are put into the inbox at a time
_TICK = 100  # milliseconds
_TELL = 1.0
_PATIENCE = (0.5, 5.0)  # seconds before another attempt after a refusal: first, and at most
_LARGEST = 1024 * 1024 * 1024  # bytes; whoever sends more is cut off
_OPTIONS = {
    zmq.RCVHWM: 0,
    zmq.LINGER: 0,
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 2000,
    zmq.CONNECT_TIMEOUT: 5000,
    zmq.HANDSHAKE_IVL: 10_000,
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 30,
    zmq.TCP_KEEPALIVE_INTVL: 10,
    zmq.TCP_KEEPALIVE_CNT: 3,
    zmq.MAXMSGSIZE: _LARGEST,
}


class Listener:
    """Puts what a feed sends into its inbox, and what its socket tells into its link."""

    def __init__(self, feed: FeedSettings, inbox: Inbox, link: Link) -> None:
        self._feed = feed
        self._inbox = inbox
        self._link = link

    def run(self, context: Context, stop: threading.Event) -> None:
        """Receive until `stop`."""
        pause, longest = _PATIENCE
        while not stop.is_set():
            self._link.given_up = False
            with _socket(context, self._feed, self._link.path) as socket:
                monitor: Socket = socket.get_monitor_socket()
                socket.subscribe(b"")
                socket.connect(self._feed.url)
                heard = self._listen(socket, monitor, stop)
                socket.disable_monitor()
                monitor.close()
            pause = _PATIENCE[0] if heard else min(2 * pause, longest)
            stop.wait(pause)

    def _listen(self, socket: Socket, monitor: Socket, stop: threading.Event) -> bool:
        """Until `stop`, or until libzmq gives up; whether anything was received."""
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        heard, tell_at = False, 0.0
        while not stop.is_set() and not self._link.given_up:
            ready = dict(poller.poll(_TICK))
            if monitor in ready:
                self._link.told(parse_monitor_message(monitor.recv_multipart())["event"])
            if socket in ready:
                heard = self._drain(socket) > 0 or heard
            if time.monotonic() > tell_at:
                tell_at = time.monotonic() + _TELL
                self._link.tell()
        self._drain_last(socket)
        return heard

    def _drain(self, socket: Socket) -> int:
        """Put what waits in the socket into the inbox, some hundreds at a time; how many."""
        now = time.time()
        frames: list[bytes] = []
        try:
            while len(frames) < _DRAIN:
                frame = socket.recv(zmq.NOBLOCK)
                if socket.get(zmq.RCVMORE):
                    frame = b" ".join([frame, *socket.recv_multipart()])
                frames.append(frame)
        except zmq.Again:
            pass
        if frames:
            self._inbox.put(int(now * 1000), frames)
            self._link.heard(now)
        return len(frames)

    def _drain_last(self, socket: Socket) -> None:
        deadline = time.monotonic() + 1
        while self._drain(socket) and time.monotonic() < deadline:
            pass


def check(feed: FeedSettings, path: str) -> None:
    """ConfigError if the settings of the feed, at `path` in the configuration, cannot be used."""
    no_address = f"{path}.url: '{feed.url}' is no address like tcp://misp.example:50000"
    address = _ADDRESS.fullmatch(feed.url)
    if not address or not 0 < int(address[1] or 1) <= _LAST_PORT:
        raise ConfigError(no_address)
    with zmq.Context() as context, _socket(context, feed, path) as socket:
        try:
            # Without a subscription: a publisher that is reached must not take this for the one that listens.
            socket.connect(feed.url)
        except zmq.ZMQError as error:
            raise ConfigError(f"{no_address} ({error.strerror})") from error


@contextmanager
def _socket(context: Context, feed: FeedSettings, path: str) -> Iterator[Socket]:
    """A socket that is ready to connect to the feed."""
    socket = context.socket(zmq.SUB)
    try:
        for option, value in _OPTIONS.items():
            socket.set(option, value)
        # With a host name, IPv6 would be tried alone: MISP's publisher knows IPv4 only.
        socket.set(zmq.IPV6, "[" in feed.url)
        _authenticate(socket, feed, path)
        yield socket
    finally:
        socket.close()


def _authenticate(socket: Socket, feed: FeedSettings, path: str) -> None:
    if feed.curve_server_key is not None:
        public, secret = (
            (feed.curve_public_key or "", feed.curve_secret_key)
            if feed.curve_secret_key
            else zmq.curve_keypair()
        )
        keys = {"server": feed.curve_server_key, "public": public, "secret": secret}
        rule = "a CURVE key is 40 characters of Z85, as zmq.curve_keypair() makes"
        for name, key in keys.items():
            option = getattr(zmq, f"CURVE_{name.upper()}KEY")
            _set(socket, option, key, f"{path}.curve_{name}_key: {rule}")
    elif feed.username is not None:
        rule = "ZMQ PLAIN takes a name and a password, of 1 to 255 bytes each"
        _set(socket, zmq.PLAIN_USERNAME, feed.username, f"{path}.username: {rule}")
        _set(socket, zmq.PLAIN_PASSWORD, feed.password or "", f"{path}.password: {rule}")


def _set(socket: Socket, option: int, value: str | bytes, rule: str) -> None:
    try:
        socket.set(option, value.encode() if isinstance(value, str) else value)
    except zmq.ZMQError as error:
        raise ConfigError(rule) from error
