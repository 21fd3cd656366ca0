"""Activity: attributes as they arrive, how many of which category, and the latest events."""

from __future__ import annotations

from collections.abc import Sequence

from watchfloor import Channel, Check, Handler, Keys, Panel, hookimpl
from watchfloor_activity import keys
from watchfloor_activity.handlers import ATTRIBUTES, HANDLERS, LATEST
from watchfloor_activity.health import CHECKS
from watchfloor_activity.panels import panels as made
from watchfloor_activity.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def redis_keys(settings: Settings) -> Sequence[Keys]:
    return keys.declared(settings.detail_days, settings.retention_days)


@hookimpl
def message_handlers() -> Sequence[Handler]:
    return HANDLERS


@hookimpl
def live_channels() -> Sequence[Channel]:
    return [ATTRIBUTES, LATEST]


@hookimpl
def panels(settings: Settings) -> Sequence[Panel]:
    return made(settings)


@hookimpl
def health_checks() -> Sequence[Check]:
    return CHECKS
