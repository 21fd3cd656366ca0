"""Messages from files: MISP events as JSON, and recordings of a feed."""

from __future__ import annotations

from watchfloor.replay.sources import Unreadable, read

__all__ = ["Unreadable", "read"]
