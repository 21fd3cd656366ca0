"""A site: its settings, its plugins, and what follows from both. Built once per process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from zoneinfo import ZoneInfo

from watchfloor import plugins
from watchfloor.config import Loaded, Settings, zone
from watchfloor.plugins import Plugin
from watchfloor.resources import Opener
from watchfloor.store.families import Families


@dataclass(frozen=True)
class Site:
    """What every role needs to know. `zone` is the time zone in which days are cut.

    `resources` are what the plugins keep open in a process that works or serves.
    """

    loaded: Loaded
    plugins: tuple[Plugin, ...]
    families: Families
    zone: ZoneInfo
    resources: Opener

    @property
    def settings(self) -> Settings:
        """The settings of the core."""
        return self.loaded.settings

    @classmethod
    def build(cls, loaded: Loaded, points: Mapping[str, EntryPoint] | None = None) -> Site:
        """Load the plugins that the configuration lists; ConfigError or PluginError stops the start."""
        found = plugins.load(loaded.settings.plugins, loaded.sources, points)
        return cls(loaded, found, plugins.families(found), zone(loaded.settings), plugins.opener(found))
