"""A batch of messages through the handlers: what is to be written, and what failed.

Nothing here touches Redis: what the feeds said before (`Names`) and which versions were met (`Seen`)
were fetched for the whole batch, and what comes out is committed by the caller.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from watchfloor import misp
from watchfloor.contracts import Handler, RawHandler
from watchfloor.errors import UndecodableError
from watchfloor.misp import Activity, Decoded, Message, Names, UnknownTopicError
from watchfloor.plugins import Plugin
from watchfloor.site import Site
from watchfloor.store import failures
from watchfloor.store.failures import Failure
from watchfloor.store.writes import Merged, Recorder
from watchfloor.worker.guard import Guard, HandlerTimeout
from watchfloor.worker.marker import FATAL, Marker

_ERROR_LENGTH = 2000
_Call: TypeAlias = tuple[Callable[..., None], Any]


class Seen:
    """Which versions were met before: `known` by Redis, and those of this batch so far."""

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        self._known = set(known)
        self.met: set[bytes] = set()
        self.flags: list[str] = []

    def __call__(self, version: bytes) -> bool:
        """Whether this version was met before; from now on it was."""
        before = version in self._known
        self._known.add(version)
        self.met.add(version)
        self.flags.append("0" if before else "1")
        return before


class Remembered(Seen):
    """The answers that were given when a message was first worked off: for a retry."""

    def __init__(self, flags: str) -> None:
        super().__init__()
        self._answers = iter(flags)

    def __call__(self, version: bytes) -> bool:
        flag = next(self._answers, None)
        return super().__call__(version) if flag is None else flag == "0"


@dataclass
class Item:
    """A message of a batch, decoded, or why it could not be."""

    message: Message
    decoded: Decoded | None = None
    problem: UndecodableError | None = None


def decode(message: Message) -> Item:
    """The message as its topic promises, or the problem with it."""
    try:
        return Item(message, decoded=misp.decode(message))
    except UndecodableError as problem:
        return Item(message, problem=problem)


@dataclass
class Outcome:
    """What a batch came to. `last` is the id of the last message worked off, by feed."""

    merged: Merged = field(default_factory=Merged)
    failures: list[Failure] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    last: dict[str, str] = field(default_factory=dict)


class _Functions(dict[type[Activity], tuple[Callable[..., None], ...]]):
    """Which of some handlers' functions run for a type of activity, found out once for each."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        super().__init__()
        self._handlers = tuple(handlers)

    def __missing__(self, kind: type[Activity]) -> tuple[Callable[..., None], ...]:
        found = tuple(h.function for h in self._handlers if issubclass(kind, h.activity))
        self[kind] = found
        return found


class _Runner:
    """One plugin's handlers, found by the type of activity."""

    def __init__(self, plugin: Plugin, site: Site) -> None:
        self.name = plugin.name
        self.recorder = Recorder(plugin.name, site.families.owned(plugin.name), plugin.channels)
        self.seconds = 0.0
        self._all = _Functions(plugin.handlers)
        self._entitled = _Functions(handler for handler in plugin.handlers if handler.entitled)
        self.raw: dict[str, list[RawHandler]] = {}
        for raw in plugin.raw_handlers:
            self.raw.setdefault(raw.topic, []).append(raw)

    def calls(self, activities: Sequence[Activity], community: bool) -> list[_Call]:
        """What to call: with `community` only those who are entitled get what not everyone may see."""
        functions = self._all
        if not community:
            return [(function, a) for a in activities for function in functions[type(a)]]
        entitled = self._entitled
        return [
            (function, a)
            for a in activities
            for function in (functions if a.audience.everyone else entitled)[type(a)]
        ]


class Processor:
    """Runs the handlers of `plugins` (all of the site's unless told otherwise)."""

    def __init__(
        self,
        site: Site,
        guard: Guard,
        marker: Marker | None = None,
        plugins: Sequence[Plugin] | None = None,
    ) -> None:
        self._site = site
        self._guard = guard
        self._marker = marker
        self._limit = site.settings.worker.handler_seconds
        self._community = site.settings.audience == "community"
        self._runners = [_Runner(plugin, site) for plugin in (site.plugins if plugins is None else plugins)]
        self._kinds: defaultdict[type[Activity], int] = defaultdict(int)

    def run(
        self,
        items: Sequence[Item],
        names: Names,
        seen: Seen,
        *,
        seconds: float = float("inf"),
        attempts: Callable[[Message], int] = lambda _: 0,
    ) -> Outcome:
        """Work off the items in order; those left when the seconds are over are left for later."""
        outcome = Outcome()
        end = time.monotonic() + seconds
        with self._guard.armed():
            for item in items:
                self._one(item, names, seen, outcome, attempts(item.message))
                outcome.last[item.message.feed] = item.message.id
                if time.monotonic() > end:
                    break
        if self._marker:
            self._marker.clear()
        self._count(outcome)
        return outcome

    def _count(self, outcome: Outcome) -> None:
        """Give the outcome what was counted aside, as it is counted for every message."""
        for kind, count in self._kinds.items():
            outcome.counts[f"activities:{kind.__name__}"] += count
        self._kinds.clear()
        for runner in self._runners:
            outcome.counts[f"microseconds:{runner.name}"] += int(runner.seconds * 1e6)
            runner.seconds = 0.0

    def _one(self, item: Item, names: Names, seen: Seen, outcome: Outcome, attempts: int) -> None:
        message = item.message
        outcome.counts["messages"] += 1
        if attempts >= FATAL:
            error = f"the worker died {attempts} times with this message in hand"
            outcome.failures.append(failures.of(message, "core", "fatal", error))
            return
        if self._marker:
            self._marker.note(message.feed, message.id)
        if item.decoded is None:
            self._undecoded(item, outcome)
            return
        seen.flags.clear()
        activities = misp.activities(item.decoded, names, seen, self._site.zone)
        for activity in activities:
            if self._community and not activity.audience.everyone:
                outcome.counts["restricted"] += 1
            else:
                self._kinds[type(activity)] += 1
        for runner in self._runners:
            if calls := runner.calls(activities, self._community):
                self._call(runner, calls, message, seen.flags, outcome)

    def _undecoded(self, item: Item, outcome: Outcome) -> None:
        """A topic that the core does not know goes to the plugins that do; else it is a failure."""
        message, taken = item.message, False
        unknown = isinstance(item.problem, UnknownTopicError)
        for runner in self._runners if unknown else ():
            calls: list[_Call] = [(raw.function, message) for raw in runner.raw.get(message.topic, ())]
            if calls:
                taken = True
                self._call(runner, calls, message, (), outcome)
        if not taken:
            kind = "unknown-topic" if unknown else "undecodable"
            outcome.failures.append(failures.of(message, "core", kind, str(item.problem)))

    def _call(
        self,
        runner: _Runner,
        calls: list[_Call],
        message: Message,
        versions: Iterable[str],
        outcome: Outcome,
    ) -> None:
        recorder = runner.recorder
        recorder.clear()
        started = time.perf_counter()
        failure = self._guarded(calls, recorder)
        if failure is None:
            outcome.merged.add(recorder)
        else:
            outcome.failures.append(failures.of(message, runner.name, *failure, "".join(versions)))
        runner.seconds += time.perf_counter() - started

    def _guarded(self, calls: list[_Call], recorder: Recorder) -> tuple[str, str] | None:
        """Run one plugin's functions; the kind and text of what went wrong, if anything did."""
        try:
            self._guard.enter(self._limit)
            try:
                for function, argument in calls:
                    function(argument, recorder)
            finally:
                self._guard.leave()
        except HandlerTimeout:
            return (
                "slow",
                f"took longer than worker.handler_seconds ({self._limit:g} s); its writes were dropped",
            )
        except Exception as error:  # noqa: BLE001 (whatever a plugin raises must cost that plugin only)
            return "handler", describe(error)
        return None


def describe(error: BaseException) -> str:
    """What was raised and where, in the plugin's own code: one line and the last frames."""
    frames = traceback.extract_tb(error.__traceback__)[1:][-3:]
    where = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames)
    return f"{type(error).__name__}: {error}{where}"[:_ERROR_LENGTH]
