"""Activity: attributes as they arrive, how many of which category, and the latest events."""

from __future__ import annotations

from collections.abc import Sequence

from watchfloor import Check, hookimpl
from watchfloor_activity.health import CHECKS
from watchfloor_activity.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def health_checks() -> Sequence[Check]:
    return CHECKS
