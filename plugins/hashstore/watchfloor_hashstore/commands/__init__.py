"""`watchfloor hashstore ...`"""

from __future__ import annotations

from collections.abc import Sequence

import click

from watchfloor_hashstore.commands import ask, fill, keys, tell
from watchfloor_hashstore.settings import Settings


def commands(settings: Settings) -> Sequence[click.Command]:
    """Every command, for these settings."""
    return [
        fill.import_command(settings),
        fill.update_command(settings),
        ask.lookup_command(settings),
        tell.export_command(settings),
        tell.info_command(settings),
        tell.client_command(),
        keys.key_group(settings),
    ]
