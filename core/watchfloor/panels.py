"""What plugins show: panels, what a panel is asked for, and what it answers.

A panel declares once what it shows (columns, chart, options) and answers each time with rows. From that the
core makes the card, the table twin, JSON and CSV, and the entry in `/api/openapi.json`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from watchfloor.contracts import Channel
from watchfloor.store.keys import LIVE

Value = str | int | float | date | datetime | None
"""What a cell holds: text, a number, a day, an aware point in time, or nothing."""

SHARED = ("last", "from", "to", "tz", "theme", "org")
"""Parameters of an address that mean the same on every page, and that its links keep."""

Size = Literal["small", "medium", "wide", "full"]


@dataclass(frozen=True)
class NavItem:
    """An entry of the navigation; `path` is below the plugin's mount, `weight` sorts, light first."""

    title: str
    path: str = "/"
    weight: int = 100


@dataclass(frozen=True)
class Column:
    """A column of a panel's rows.

    `name` is its name in JSON and CSV, `title` what people read, `meaning` one sentence where the title
    does not say it all. Times are shown in the viewer's zone. A `url` column is not shown; the column
    whose `link` names it leads there.
    """

    name: str
    title: str
    kind: Literal["text", "number", "day", "time", "url"] = "text"
    meaning: str = ""
    link: str = ""


@dataclass(frozen=True)
class Chart:
    """How rows are drawn: `x` and `y` name columns, `by` the column that tells series apart.

    `x` is a time or day for "line" and "area" (areas are stacked), and anything for "bars". Every row
    needs a number in `y`; a series without a row for an `x` is 0 there. The table twin shows the
    same.
    """

    kind: Literal["line", "area", "bars"]
    x: str
    y: str
    by: str = ""


@dataclass(frozen=True)
class Option:
    """A parameter of the address that a panel takes, such as `rank=weighted`; `many` when it may repeat.

    With `choices` any other value is refused. One name means the same for all panels of a page. A
    `filters` option leaves rows out: an empty panel says so.
    """

    name: str
    meaning: str
    choices: tuple[str, ...] = ()
    many: bool = False
    filters: bool = False


@dataclass(frozen=True)
class Figure:
    """One large number: its name in JSON, what people read below it, and the number."""

    name: str
    title: str
    value: float


@dataclass(frozen=True)
class View:
    """What a panel shows at one moment: the same for people, JSON and CSV.

    `rows` hold a value for each declared column, in their order. `summary` says in one sentence what there
    is to see. `precision` says how precise the numbers are, where that is not self-evident ("whole days").
    `empty` says why there is nothing and what to do; without it the core finds the reason. `refused` says
    in one sentence what is wrong with an option; JSON and CSV then answer 400 with it. `left_out` is the
    number of rows beyond those given. `context` are further variables of the panel's own template.
    """

    rows: Sequence[Sequence[Value]] = ()
    figures: Sequence[Figure] = ()
    summary: str = ""
    precision: str = ""
    empty: str = ""
    refused: str = ""
    left_out: int = 0
    context: Mapping[str, object] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rows and not any(figure.value for figure in self.figures)


class LiveItem(NamedTuple):
    """An item of a live channel's history; `skipped` items before it were too many to be sent."""

    id: str
    item: Mapping[str, Any]
    skipped: int


@dataclass(frozen=True)
class Ask:
    """What a panel is asked for.

    `since` and `until` are the range, in the viewer's time zone `zone`; `start` and `end` the days that it
    touches, both included, as the site cuts them in its own zone `site`; `whole_days` tells whether it is
    made of these days, so that counts by day are exact. `options` are the parameters that panels declare,
    `misp` the address of each feed's MISP where it is configured. `redis` is redis-py's asyncio client,
    replies in str (its annotations cannot tell, hence Any).
    """

    redis: Any
    since: datetime
    until: datetime
    start: date
    end: date
    zone: ZoneInfo
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    misp: Mapping[str, str] = field(default_factory=dict)
    plugin: str = ""
    whole_days: bool = True
    site: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    @property
    def days(self) -> list[date]:
        """Every day of the range, oldest first."""
        return [self.start + timedelta(days=i) for i in range((self.end - self.start).days + 1)]

    def option(self, name: str, default: str = "") -> str:
        """The last value of an option in the address."""
        return self.options.get(name, (default,))[-1]

    async def items(self, channel: Channel, count: int, before: str = "") -> list[LiveItem]:
        """Up to `count` items of the history of one of the plugin's channels, newest first.

        `before` is the id of an item: only what came before it.
        """
        newest = f"({before}" if before else "+"
        key = LIVE(plugin=self.plugin, channel=channel.name)
        found = await self.redis.xrevrange(key, newest, "-", count=count)
        return [
            LiveItem(entry, msgspec.json.decode(fields["d"]), int(fields.get("skipped", 0)))
            for entry, fields in found
        ]


@dataclass(frozen=True)
class Panel:
    """One card that any page can hold.

    `await data(ask)` gives its `View`; what it raises costs the card only. `meaning` is one sentence on what
    it shows. `columns` describe the rows; `chart` draws them. A `template` of the plugin's own shows the
    view in another way. `channel` is the live channel that keeps it current. `topics` are those of MISP's
    topics that it lives on, so that an empty card can name the setting. `home` puts it on the first page;
    `ranged` is False for what has no range.
    """

    name: str
    title: str
    data: Callable[[Ask], Awaitable[View]]
    meaning: str = ""
    columns: tuple[Column, ...] = ()
    chart: Chart | None = None
    template: str = "watchfloor/view.html"
    channel: Channel | None = None
    options: tuple[Option, ...] = ()
    topics: tuple[str, ...] = ()
    size: Size = "medium"
    home: bool = True
    ranged: bool = True
