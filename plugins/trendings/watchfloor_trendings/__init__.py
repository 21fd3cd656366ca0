"""Trendings: what is active on the instances - events, categories, tags, discussions, sightings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from starlette.routing import BaseRoute

from watchfloor import AfterCommit, Channel, Handler, Keys, NavItem, Panel, Reads, Writes, hookimpl
from watchfloor_trendings import keys, pages
from watchfloor_trendings.commands import COMMANDS
from watchfloor_trendings.handlers import HANDLERS
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


def announce(touched: Iterable[str], _reads: Reads, writes: Writes) -> None:
    """Tell the browsers which lists changed: one item a batch, however many messages it had."""
    for kind in touched:
        writes.publish(pages.CHANNELS[kind], {"changed": kind})


@hookimpl
def live_channels() -> Sequence[Channel]:
    return list(pages.CHANNELS.values())


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
def commands() -> Sequence[click.Command]:
    return COMMANDS
