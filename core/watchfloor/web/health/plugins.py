"""How each plugin is: its checks, what it raised in this process, what it failed at in the worker."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchfloor.web.health.checks import CORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.health import HealthState
    from watchfloor.web.errors import Kept
    from watchfloor.web.health.checks import Result
    from watchfloor.web.health.worker import WorkerStatus
    from watchfloor.web.state import Web

_LATELY = 600.0  # seconds for which an error gives a plugin the light of a warning


@dataclass(frozen=True)
class PluginStatus:
    """A plugin, or the core's own pages.

    `errors` are the latest of this process, newest first, and `count` tells how many there were. `failures`
    and `seconds` are its handlers', ever.
    """

    name: str
    version: str
    checks: Sequence[Result]
    errors: Sequence[Kept]
    count: int
    failures: int
    seconds: float

    @property
    def state(self) -> HealthState:
        """The worst of its checks; a warning for a while after an error."""
        states = {check.state for check in self.checks}
        if "failing" in states:
            return "failing"
        return "warning" if "warning" in states or self._lately else "ok"

    @property
    def text(self) -> str:
        """One sentence."""
        if not self.errors:
            return "It has raised nothing since the web process began."
        times = "once" if self.count == 1 else f"{self.count:,} times"
        ago = self.errors[0].ago
        return f"It has failed {times} since the web process began, the last time {ago} ago."

    @property
    def _lately(self) -> bool:
        return bool(self.errors) and time.time() - self.errors[0].last < _LATELY


def plugin_statuses(web: Web, worker: WorkerStatus, results: Sequence[Result]) -> list[PluginStatus]:
    """Every plugin in the order of the configuration, and at last the core if it raised something."""
    named = [(plugin.name, plugin.version) for plugin in web.site.plugins]
    found = [_status(web, name, version, worker, results) for name, version in named]
    core = _status(web, CORE, "", worker, ())
    return [*found, core] if core.errors else found


def _status(
    web: Web, name: str, version: str, worker: WorkerStatus, results: Sequence[Result]
) -> PluginStatus:
    return PluginStatus(
        name=name,
        version=version,
        checks=[result for result in results if result.owner == name],
        errors=web.errors.of(name),
        count=sum(count for (owner, _), count in web.errors.counts.items() if owner == name),
        failures=sum(count for (owner, _), count in worker.failures.items() if owner == name),
        seconds=worker.seconds.get(name, 0.0),
    )
