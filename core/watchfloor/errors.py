"""What Watchfloor tells people when it cannot go on.

Each message is one sentence that names what is wrong, where, and what to do about it; the command
line prints it without a traceback.
"""

from __future__ import annotations


class WatchfloorError(Exception):
    """The base of every error that a person can mend; the command line exits with `exit_code`."""

    exit_code = 1


class ConfigError(WatchfloorError):
    """The configuration cannot be used; nothing was started."""

    exit_code = 2


class PluginError(WatchfloorError):
    """A plugin cannot be loaded or breaks its contract; nothing was started."""

    exit_code = 2

    def __init__(self, plugin: str, problem: str) -> None:
        super().__init__(f"plugin '{plugin}': {problem}")
        self.plugin = plugin


class StoreError(WatchfloorError):
    """Redis cannot be reached, refuses us, or is set up in a way that would lose data."""


class LeaseLostError(WatchfloorError):
    """Another process holds the lease now: whatever was about to be committed was not."""


class UndecodableError(WatchfloorError):
    """A message of the feed is not what its topic promises; it is kept as a failure."""
