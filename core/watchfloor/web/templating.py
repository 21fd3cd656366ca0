"""Templates: the core's under `watchfloor/`, a plugin's under its name. Everything is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from watchfloor.subscriber.states import span
from watchfloor.web.look import styles, zone_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.plugins import Plugin
    from watchfloor.web.static import Static

CORE = "watchfloor"


def environment(plugins: Sequence[Plugin], static: Static) -> Environment:
    """The environment of a site.

    Templates can use `static(path)`, a file's URL, and the filters `number` (12,345) and `span` (3 min).
    """
    folders = {CORE: Path(__file__).parent} | {plugin.name: plugin.folder for plugin in plugins}
    made = Environment(
        loader=PrefixLoader(
            {name: FileSystemLoader(folder / "templates") for name, folder in folders.items()}
        ),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=_number, span=span, zone_name=zone_name)
    made.globals.update(static=static.url, has_static=static.has, styles=styles)
    return made


def _number(value: float) -> str:
    """12,345; Redis gives scores as floats, and a whole one is a count."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
