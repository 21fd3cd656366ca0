"""Activity: attributes as they arrive, how many of which category, and the latest events."""

from __future__ import annotations

from watchfloor import hookimpl
from watchfloor_activity.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings
