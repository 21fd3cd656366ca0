"""What every command works with: the configuration, the site and its Redis, each made when needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from watchfloor import config, logs
from watchfloor.config import Loaded, Settings
from watchfloor.site import Site
from watchfloor.store.checks import check
from watchfloor.store.clients import Commands
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer

EMBEDDED = "embedded"


class Console:
    """One run of the `watchfloor` command. Plugins' commands know it as `watchfloor.Terminal`."""

    def __init__(
        self, file: Path | None = None, overrides: Sequence[str] = (), *, verbose: bool = False
    ) -> None:
        self.file = file
        self.overrides = list(overrides)
        self.verbose = verbose
        self.stack = ExitStack()

    @cached_property
    def loaded(self) -> Loaded:
        """The effective configuration."""
        return config.load(self.file, self.overrides)

    @property
    def settings(self) -> Settings:
        """The core's settings."""
        return self.loaded.settings

    def override(self, setting: str) -> None:
        """Set `path=value` over everything else."""
        self.overrides.append(setting)
        self.__dict__.pop("loaded", None)
        self.__dict__.pop("site", None)

    @cached_property
    def site(self) -> Site:
        """The configuration with its plugins loaded."""
        return Site.build(self.loaded)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are cut."""
        return self.site.zone

    @cached_property
    def server(self) -> EmbeddedServer | None:
        """The embedded server, running; None where another Redis is configured."""
        if self.settings.redis.url != EMBEDDED:
            return None
        return self.stack.enter_context(EmbeddedServer(Path(self.settings.data)))

    @property
    def url(self) -> str:
        """Where Redis is; never `embedded`."""
        return self.server.url if self.server else self.settings.redis.url

    @cached_property
    def redis(self) -> Commands:
        """A connection to a Redis that was found fit; warnings about it go to standard error."""
        client = self.stack.enter_context(connect(self.settings.redis, self.url, role="cli"))
        for warning in check(client):
            click.echo(f"warning: {warning}", err=True)
        return client

    def log(self, role: str) -> None:
        """Log as this role."""
        logs.configure(self.settings.log, role)

    def arguments(self) -> list[str]:
        """The options that make another process see the same configuration."""
        file = ["--config", str(self.file)] if self.file else []
        return [*file, *(word for override in self.overrides for word in ("--set", override))]
