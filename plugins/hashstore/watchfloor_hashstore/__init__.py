"""The hash store: is this indicator known to us?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from watchfloor import Keys, hookimpl
from watchfloor_hashstore import commands as command_line
from watchfloor_hashstore.keys import FAMILIES
from watchfloor_hashstore.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def redis_keys() -> Sequence[Keys]:
    return FAMILIES


@hookimpl
def commands(settings: Settings) -> Sequence[click.Command]:
    return command_line.commands(settings)
