"""A synthetic MISP: its messages from a seeded world, and a publisher that sends them over ZMQ."""

from __future__ import annotations

from watchfloor.simulate.life import history, live
from watchfloor.simulate.message import Message
from watchfloor.simulate.publisher import Plain, Publisher, play
from watchfloor.simulate.world import World

__all__ = ["Message", "Plain", "Publisher", "World", "history", "live", "play"]
