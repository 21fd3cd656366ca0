"""Live items: from the streams that the worker appends to, to browsers as server-sent events.

Delivery: within a channel's history, a browser that resumes gets every item once and in order. What
it could not be given, because it came too late or read too slowly, it is told of in an event.
"""

from __future__ import annotations

from watchfloor.live.hub import Hub
from watchfloor.live.items import Position, show_position
from watchfloor.live.stream import Stream

__all__ = ["Hub", "Position", "Stream", "show_position"]
