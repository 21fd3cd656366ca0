"""Configuration: typed settings, where they come from, and how they are shown."""

from __future__ import annotations

from watchfloor.config.load import Loaded, Sources, convert, load, zone
from watchfloor.config.settings import FeedSettings, Secret, Settings

__all__ = ["FeedSettings", "Loaded", "Secret", "Settings", "Sources", "convert", "load", "zone"]
