"""Trendings: what is active on the instances - events, categories, tags, types, discussions, sightings."""

from __future__ import annotations

from collections.abc import Sequence

import click
from starlette.routing import BaseRoute

from watchfloor import AfterCommit, Channel, Check, Handler, Keys, NavItem, Panel, hookimpl
from watchfloor_trendings import keys, pages
from watchfloor_trendings.announce import CHANNELS, announce
from watchfloor_trendings.commands import COMMANDS
from watchfloor_trendings.handlers import HANDLERS
from watchfloor_trendings.health import CHECKS
from watchfloor_trendings.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def redis_keys(settings: Settings) -> Sequence[Keys]:
    return keys.declared(settings.retention_days)


@hookimpl
def message_handlers() -> Sequence[Handler]:
    return HANDLERS


@hookimpl
def after_commit() -> AfterCommit:
    return announce


@hookimpl
def live_channels() -> Sequence[Channel]:
    return list(CHANNELS.values())


@hookimpl
def routes() -> Sequence[BaseRoute]:
    return pages.ROUTES


@hookimpl
def navigation() -> Sequence[NavItem]:
    return [NavItem("Trendings", weight=40)]


@hookimpl
def panels(settings: Settings) -> Sequence[Panel]:
    return pages.panels(settings.top)


@hookimpl
def health_checks() -> Sequence[Check]:
    return CHECKS


@hookimpl
def commands() -> Sequence[click.Command]:
    return COMMANDS
