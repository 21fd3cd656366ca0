"""What is sent: a message with the moment it belongs to."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One message of a MISP; `time` is Unix seconds, `body` the JSON as it goes over the wire."""

    time: float
    topic: str
    body: bytes

    @property
    def frame(self) -> bytes:
        """The ZMQ frame: topic, a space, the body."""
        return b"%b %b" % (self.topic.encode(), self.body)
