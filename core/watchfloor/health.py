"""What plugins tell of their own health: checks, what a check is given, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

HealthState = Literal["ok", "warning", "failing"]


@dataclass(frozen=True)
class Health:
    """How something is: a state for machines, and one sentence on it that says what to do if it is not ok."""

    state: HealthState
    text: str = ""


@dataclass(frozen=True)
class FeedLight:
    """A feed as its light shows it: "alive", "silent", ...; what it sent so far, by MISP's topic."""

    name: str
    state: str
    text: str = ""
    topics: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """What a check may look at: redis-py's asyncio client, replies in str, and the configured feeds."""

    redis: Any
    feeds: Sequence[FeedLight] = ()


@dataclass(frozen=True)
class Check:
    """A question to the plugin: is it well?

    `await run(probe)` answers within seconds, and reads only. What it raises, and no answer in time, is
    `failing`. While a `critical` one fails, `/ready` says that the site is not. `meaning` is one sentence
    on what is looked at.
    """

    name: str
    run: Callable[[Probe], Awaitable[Health]]
    critical: bool = False
    meaning: str = ""
