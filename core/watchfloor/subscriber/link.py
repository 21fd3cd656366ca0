"""The connection to a publisher: what the socket's monitor tells, and what comes through it."""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Literal

import zmq

from watchfloor.store.urls import redact
from watchfloor.subscriber.silences import Silence
from watchfloor.subscriber.states import feed_state

log = logging.getLogger(__name__)

Connection = Literal["connecting", "connected", "refused", "unreachable"]

_REFUSALS = {
    zmq.Event.HANDSHAKE_FAILED_AUTH: "credentials",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "security",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "handshake",
}


class Link:
    """A feed's connection: its state, and since when (Unix seconds).

    `path` is where the feed stands in the configuration. Written by the thread that receives, read by the
    one that stores; `silences` is what that one has yet to take. `given_up`: libzmq makes
    no more attempts, because it takes some refusals for final.
    """

    def __init__(self, feed: str, url: str, path: str, quiet_after: float, silent_after: float) -> None:
        self.feed = feed
        self.path = path
        self.state: Connection = "connecting"
        self.why = ""
        self.since = self.began = time.time()
        self.last_seen = 0.0
        self.given_up = False
        self.counts = {"reconnects": 0, "auth_refused": 0}
        self.silences: deque[Silence] = deque()
        self._about = {"url": redact(url), "path": path}
        self._limits = quiet_after, silent_after
        self._trouble = "silent"
        self._met = self._lost = False
        self._logged = "unknown"

    def told(self, event: int) -> None:
        """Take note of an event of the socket's monitor."""
        if event == zmq.Event.HANDSHAKE_SUCCEEDED:
            self.counts["reconnects"] += self._met
            self._met = True
            self._become("connected")
        elif event in _REFUSALS:
            self._refuse(_REFUSALS[zmq.Event(event)])
        elif event == zmq.Event.DISCONNECTED and self.state == "connected":
            self._become("connecting")
            self._lost = True
        elif event == zmq.Event.CLOSED:
            self._become("unreachable")
        elif event == zmq.Event.CONNECT_RETRIED and self.state == "connecting":
            # The first one after a loss only announces another attempt.
            if not self._lost:
                self._become("unreachable")
            self._lost = False

    def heard(self, now: float) -> None:
        """Something came."""
        quiet_since = self.last_seen or self.began
        if now - quiet_since > self._limits[0]:
            self.silences.append(Silence(quiet_since, now, self._trouble))
        self.last_seen = now
        self._trouble = "silent"

    def values(self) -> dict[str, str]:
        """The fields of the feed's state."""
        seen = {"last_seen": f"{self.last_seen:.3f}"} if self.last_seen else {}
        return {
            **self._about,
            **seen,
            "connection": self.state,
            "why": self.why,
            "since": f"{self.since:.3f}",
            "listening": f"{time.time():.3f}",
        }

    def tell(self) -> None:
        """Log the state if it is another than was logged last."""
        told = feed_state(self.values(), time.time(), *self._limits)
        if told.state in (self._logged, "unknown"):
            return
        level = logging.INFO if told.state == "alive" else logging.WARNING
        log.log(level, "feed %s is %s: %s", self.feed, told.state, told.text, extra={"feed": self.feed})
        self._logged = told.state

    def _refuse(self, why: str) -> None:
        # While libzmq tries again by itself, ten times a second, that is one refusal.
        self.given_up = why != "handshake"
        if self.given_up or (self.state, self.why) != ("refused", why):
            self.counts["auth_refused"] += 1
        self._become("refused", why)

    def _become(self, state: Connection, why: str = "") -> None:
        if (state, why) != (self.state, self.why):
            self.state, self.why, self.since = state, why, time.time()
        if state == "refused" or (state == "unreachable" and self._trouble != "refused"):
            self._trouble = state
