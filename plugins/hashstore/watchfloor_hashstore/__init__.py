"""The hash store: is this indicator known to us?"""

from __future__ import annotations

from collections.abc import Sequence

import click
from starlette.routing import BaseRoute

from watchfloor import AfterCommit, Check, Demo, Handler, Keys, NavItem, Panel, RedisAccess, hookimpl
from watchfloor_hashstore import commands as command_line
from watchfloor_hashstore import demo as demo_of_the_store
from watchfloor_hashstore import health, pages
from watchfloor_hashstore import panels as cards
from watchfloor_hashstore.bringing import Bringing
from watchfloor_hashstore.keys import FAMILIES
from watchfloor_hashstore.noting import Noting
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def resources(settings: Settings, redis: RedisAccess) -> Pool:
    return Pool(settings.redis, redis)


@hookimpl
def redis_keys() -> Sequence[Keys]:
    return FAMILIES


@hookimpl
def message_handlers(settings: Settings) -> Sequence[Handler]:
    return Noting(settings).handlers() if settings.live else []


@hookimpl
def after_commit(resources: Pool) -> AfterCommit:
    return Bringing(resources)


@hookimpl
def routes(settings: Settings, resources: Pool) -> Sequence[BaseRoute]:
    return pages.routes(settings, resources)


@hookimpl
def navigation() -> Sequence[NavItem]:
    return [NavItem("Hash store", weight=50)]


@hookimpl
def panels(resources: Pool) -> Sequence[Panel]:
    return cards.panels(resources)


@hookimpl
def health_checks(settings: Settings, resources: Pool) -> Sequence[Check]:
    return health.checks(settings, resources)


@hookimpl
def demo() -> Demo:
    return demo_of_the_store.DEMO


@hookimpl
def commands(settings: Settings) -> Sequence[click.Command]:
    return command_line.commands(settings)
