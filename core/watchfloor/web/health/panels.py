"""The core's own panels: the hops from MISP to the screen, the feeds, the worker, the plugins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from watchfloor.contracts import Channel
from watchfloor.panels import Ask, Column, Figure, Panel, View
from watchfloor.web.health.checks import CORE, FAR, examine
from watchfloor.web.health.plugins import plugin_statuses
from watchfloor.web.health.worker import read_worker, verdict
from watchfloor.web.pages import FEEDS_CHANNEL
from watchfloor.web.state import OwnedPanel
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from watchfloor.web.health.checks import Result
    from watchfloor.web.health.plugins import PluginStatus
    from watchfloor.web.health.worker import WorkerStatus
    from watchfloor.web.state import Web
    from watchfloor.web.status import FeedStatus

NAMES = ("hops", "feeds", "worker", "plugins")
_CHANNEL = Channel(FEEDS_CHANNEL.partition("/")[2])
_HOPS = (
    Column("owner", "Whose", meaning="The plugin, or watchfloor itself."),
    Column("name", "What"),
    Column("state", "State", meaning="ok, warning or failing."),
    Column("text", "In words"),
    Column("critical", "Critical", meaning="yes where /ready says 503 while it fails."),
    Column("milliseconds", "Milliseconds", "number", "How long the check took."),
)
_FEEDS = (
    Column("feed", "Feed"),
    Column("state", "State"),
    Column("text", "In words"),
    Column("last_seen", "Last message", "time"),
    Column("messages", "Messages", "number"),
    Column("spooled", "Waiting on disk", "number"),
    Column("refused", "Too large", "number"),
    Column("dropped", "Lost", "number"),
)
_WORKER = (Column("activity", "Activity"), Column("count", "Count", "number"))
_PLUGINS = (
    Column("plugin", "Plugin"),
    Column("version", "Version"),
    Column("state", "State"),
    Column("text", "In words"),
    Column("errors", "Errors", "number", "Of its panels, pages and checks, since the web process began."),
    Column("failures", "Failures", "number", "Messages that its handlers could not work off, ever."),
    Column("seconds", "Seconds", "number", "What its handlers took, ever."),
    Column("last_error", "Last error", "time"),
    Column("error_id", "In the log under"),
)


class _Shown(NamedTuple):
    """A panel's columns, and the function that makes its view."""

    title: str
    meaning: str
    columns: tuple[Column, ...]
    data: Callable[[Web], Awaitable[View]]


def core_panels(web: Web) -> list[OwnedPanel]:
    """The panels of the core; they are kept current by the feeds' lights."""
    return [OwnedPanel(CORE, _panel(web, name, shown)) for name, shown in _SHOWN.items()]


def _panel(web: Web, name: str, shown: _Shown) -> Panel:
    async def data(_ask: Ask) -> View:
        return await shown.data(web)

    return Panel(
        name, shown.title, data, shown.meaning, shown.columns, template=f"watchfloor/{name}.html",
        channel=_CHANNEL, home=False, ranged=False,
    )  # fmt: skip


async def _hops(web: Web) -> View:
    results = await examine(web)
    rows = [
        (r.owner, r.name, r.state, r.health.text, "yes" if r.critical else "no", r.milliseconds)
        for r in results
    ]
    return View(rows, summary=_summary(results), context={"hops": results})


def _summary(results: Sequence[Result]) -> str:
    bad = [f"{result.name} is {result.state}" for result in results if result.state != "ok"]
    return f"Of {len(results)} hops, {', '.join(bad)}." if bad else f"All {len(results)} hops are ok."


async def _feeds(web: Web) -> View:
    status = await read_status(web.redis, web.site.settings)
    rows = [_feed(feed) for feed in status.feeds]
    return View(rows, context={"feeds": status.feeds, "trouble": status.trouble})


def _feed(feed: FeedStatus) -> tuple[str | int | datetime | None, ...]:
    seen = None if feed.last_seen is None else datetime.fromtimestamp(feed.last_seen, UTC)
    return (
        feed.name, feed.state, feed.text, seen, feed.messages, feed.spooled, feed.refused, feed.dropped,
    )  # fmt: skip


async def _read(web: Web) -> WorkerStatus:
    return await read_worker(web.redis, [feed.name for feed in web.site.settings.feeds])


async def _worker(web: Web) -> View:
    worker = await _read(web)
    figures = [
        Figure("messages", "messages worked off", worker.messages),
        Figure("failures", "failures", worker.failed),
        Figure("behind", "seconds behind", round(worker.behind, 1)),
    ]
    told = verdict(worker, FAR)
    rows = [(_spaced(name), count) for name, count in worker.activities.items()]
    return View(rows, figures, told.text, context={"worker": worker, "verdict": told})


def _spaced(name: str) -> str:
    """`AttributeShared` -> `attribute shared`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


async def _plugins(web: Web) -> View:
    found = plugin_statuses(web, await _read(web), await examine(web))
    return View([_plugin(one) for one in found], context={"plugins": found})


def _plugin(one: PluginStatus) -> tuple[str | float | datetime | None, ...]:
    told = (one.name, one.version, one.state, one.text, one.count, one.failures, round(one.seconds, 3))
    if not one.errors:
        return (*told, None, None)
    last = one.errors[0]
    return (*told, datetime.fromtimestamp(last.last, UTC), last.error_id)


_SHOWN = {
    "hops": _Shown(
        "From MISP to the screen", "Every hop, and what to do where it does not go on.", _HOPS, _hops
    ),
    "feeds": _Shown("Feeds", "What each MISP sent, by topic.", _FEEDS, _feeds),
    "worker": _Shown("Worker", "What was made of the messages.", _WORKER, _worker),
    "plugins": _Shown("Plugins", "How each plugin is, and what it failed at.", _PLUGINS, _plugins),
}
