"""The names of plugins, panels and channels, which stand in addresses: what they may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchfloor.errors import PluginError
from watchfloor.store import families
from watchfloor.web.static import CORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.plugins import Plugin

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ROUTES = ("live", "panel", "health", "status", "ready", "metrics", "static", "watchfloor", "api")


def reserved_names() -> set[str]:
    """The names that a plugin may not have, as the core's keys, pages and files have them."""
    return {families.CORE, *_ROUTES, *(path.name for path in CORE.iterdir())}


def check_names(plugins: Sequence[Plugin]) -> None:
    """PluginError for a name that would hide a page, or that cannot stand in an address."""
    reserved = reserved_names()
    for plugin in plugins:
        if plugin.name in reserved:
            raise PluginError(plugin.name, "its name is one of the core's: rename its entry point")
        for what, names in (
            ("panel", [panel.name for panel in plugin.panels]),
            ("channel", [channel.name for channel in plugin.channels]),
        ):
            _check(plugin.name, what, names)
        _check_channels(plugin)


def _check(plugin: str, what: str, names: Sequence[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise PluginError(
                plugin, f"the {what} name {name!r} may hold letters, digits, '_', '.' and '-' only"
            )
        if names.count(name) > 1:
            raise PluginError(plugin, f"declares the {what} '{name}' twice: rename one")


def _check_channels(plugin: Plugin) -> None:
    declared = {channel.name for channel in plugin.channels}
    for panel in plugin.panels:
        if panel.channel and panel.channel.name not in declared:
            raise PluginError(
                plugin.name,
                f"its panel '{panel.name}' follows '{panel.channel.name}': declare it in live_channels",
            )
