"""A panel's view, read once for all who ask at the same moment: the card, JSON and CSV are made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from watchfloor.panels import Ask, View
from watchfloor.store.keys import LIVE_LAST
from watchfloor.text import encodable
from watchfloor.web.charts import summary
from watchfloor.web.limits import within
from watchfloor.web.query import read_options

if TYPE_CHECKING:
    from watchfloor.web.query import Query
    from watchfloor.web.state import OwnedPanel, Web

SECONDS = 5.0
AT_ONCE = 16  # panels of one plugin that are read at a time: one that hangs holds up its own alone
_TRIES = 3


@dataclass(frozen=True)
class Answer:
    """What a panel answered: its view, when, and the position in the live stream that it belongs to."""

    view: View
    at: datetime
    position: str


def ask_of(web: Web, owned: OwnedPanel, query: Query) -> Ask:
    """What an address asks a panel for; QueryError for a value that is no choice of its options."""
    return Ask(
        redis=web.redis,
        since=query.range.since,
        until=query.range.until,
        start=query.range.start,
        end=query.range.end,
        zone=query.zone,
        options=read_options(query.parameters, owned.panel.options),
        misp=web.misp,
        plugin=owned.owner,
        whole_days=query.range.whole_days,
        site=query.range.site,
    )


async def read_view(web: Web, owned: OwnedPanel, query: Query) -> Answer:
    """A panel's answer, within seconds; raises whatever the panel raises, and TimeoutError.

    Those who ask for the same get the same, until something comes on its channel, for a second at most.
    """
    ask = ask_of(web, owned, query)
    key = (owned.name, ask.options and tuple(sorted(ask.options.items())), query.zone.key, query.range.query)

    async def make() -> Answer:
        return await within(SECONDS, _in_turn(web, owned, ask))

    version = web.hub.version(owned.channel) if owned.channel else ()
    return await web.views.get(str(key), version, make)


async def _in_turn(web: Web, owned: OwnedPanel, ask: Ask) -> Answer:
    async with web.turns[owned.owner]:
        return await _read(web, owned, ask)


async def _read(web: Web, owned: OwnedPanel, ask: Ask) -> Answer:
    """Read again when an item came in between: a browser then neither counts it twice nor misses it.

    Under steady load the earlier position stands, so that nothing is missed.
    """
    for _ in range(_TRIES if owned.channel else 1):
        at, before = datetime.now(UTC), await web.redis.get(LIVE_LAST())
        view = await owned.panel.data(ask)
        if not isinstance(view, View):
            raise TypeError(f"data must return a View, not {type(view).__name__}")
        _check_rows(owned, view)
        view = _encodable(view)
        if before == await web.redis.get(LIVE_LAST()):
            break
    if not view.summary:
        view = replace(view, summary=summary(owned.panel, view, ask.zone))
    return Answer(view, at, str(before or web.hub.id))


def _encodable(view: View) -> View:
    """The view as it can be sent; what only the plugin's own template shows is seen to with the page."""
    if all(encodable(cell) is cell for row in view.rows for cell in row if isinstance(cell, str)):
        return view
    rows = [[encodable(cell) if isinstance(cell, str) else cell for cell in row] for row in view.rows]
    return replace(view, rows=rows, summary=encodable(view.summary))


def _check_rows(owned: OwnedPanel, view: View) -> None:
    columns = len(owned.panel.columns)
    for row in view.rows:
        if len(row) != columns:
            raise ValueError(f"a row has {len(row)} values, and the panel declares {columns} columns")
