"""What the browser draws of a panel's rows, and the sentence that says it where the panel has none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from math import isfinite
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from watchfloor.panels import Column, Panel, Value, View
    from watchfloor.web.query import Query
    from watchfloor.web.ranges import Range

Axis = Literal["time", "day", "text"]
PLACES = 100  # of a twin's rows; CSV and JSON have all of them


class Point(NamedTuple):
    """A row as a chart takes it: where it is, the series that it belongs to, and how much it is."""

    x: Value
    series: str
    y: float


class Drawing(msgspec.Struct, frozen=True):
    """A chart's data: of each series, by its name, one number for each `x`.

    `x` are milliseconds since 1970 on a time axis, those of the day's midnight in UTC on a day axis, and
    names on a text axis. `start` and `end` are where the axis begins and ends, where the range says so, and
    `zone` where its times or days are. `unit` is what the numbers count; `title`, `about` and `summary` are
    what a picture says of itself.
    """

    kind: str
    axis: Axis
    zone: str
    x: Sequence[int | str]
    series: Sequence[tuple[str, Sequence[float]]]
    unit: str
    title: str
    about: str
    summary: str
    start: int | None = None
    end: int | None = None


def drawing(panel: Panel, view: View, query: Query) -> str:
    """The drawing of a view of a panel with a chart, as JSON."""
    axis, found = axis_of(panel), points(panel, view)
    start, end = ends(axis, query.range) if panel.ranged else (None, None)
    places = dict.fromkeys(point.x for point in found)
    made = Drawing(
        kind=panel.chart.kind if panel.chart else "",
        axis=axis,
        zone=(query.range.site if axis == "day" else query.zone).key,
        x=[str(x) if axis == "text" else milliseconds(x) for x in places],
        series=list(lines(found).items()),
        unit=_titles(panel).get(panel.chart.y, "") if panel.chart else "",
        title=panel.title,
        about=query.range.words if panel.ranged else "",
        summary=view.summary,
        start=start,
        end=end,
    )
    return msgspec.json.encode(made).decode()


class Twin(NamedTuple):
    """A chart of several series as a table: a row for each x, a number for each series.

    Along time the last come first; `left_out` is how many are not among the rows.
    """

    x: Column
    names: Sequence[str]
    rows: Sequence[tuple[Value, Sequence[float]]]
    left_out: int


def twin(panel: Panel, view: View) -> Twin | None:
    """What a chart shows, as a table; None where its rows are that already."""
    if panel.chart is None or not panel.chart.by:
        return None
    found = points(panel, view)
    series = lines(found)
    places = dict.fromkeys(point.x for point in found)
    rows = list(zip(places, zip(*series.values(), strict=True), strict=True))
    if axis_of(panel) != "text":
        rows.reverse()
    x = next(column for column in panel.columns if column.name == panel.chart.x)
    return Twin(x, list(series), rows[:PLACES], max(0, len(rows) - PLACES))


def axis_of(panel: Panel) -> Axis:
    """What the x of a panel's chart is."""
    if panel.chart is None or panel.chart.kind == "bars":
        return "text"
    kinds = {column.name: column.kind for column in panel.columns}
    return "day" if kinds[panel.chart.x] == "day" else "time"


def points(panel: Panel, view: View) -> list[Point]:
    """The rows as a chart takes them, along time in its order. TypeError for a row that cannot be drawn."""
    if panel.chart is None:
        return []
    names = list(_titles(panel))
    x, y = names.index(panel.chart.x), names.index(panel.chart.y)
    by = names.index(panel.chart.by) if panel.chart.by else None
    found = [Point(row[x], "" if by is None else str(row[by]), _amount(row[y])) for row in view.rows]
    return found if axis_of(panel) == "text" else sorted(found, key=lambda point: milliseconds(point.x))


def lines(found: Sequence[Point]) -> Mapping[str, list[float]]:
    """Each series by its name, in the order of the rows: 0 where it has no row, the sum where it has two."""
    where = {x: i for i, x in enumerate(dict.fromkeys(point.x for point in found))}
    names = dict.fromkeys(point.series for point in found)
    made: dict[str, list[float]] = {name: [0] * len(where) for name in names}
    for point in found:
        made[point.series][where[point.x]] += point.y
    return made


def milliseconds(x: Value) -> int:
    """Where a time is on an axis, or a day: since 1970, and a day as if it began in UTC."""
    if isinstance(x, datetime):
        return round(x.timestamp() * 1000)
    if isinstance(x, date):
        return round(datetime.combine(x, time(), UTC).timestamp() * 1000)
    raise TypeError(f"a chart along time needs a time or a day in every row, not {x!r}")


def ends(axis: Axis, asked: Range) -> tuple[int | None, int | None]:
    """Where a time or day axis over a range begins and ends; days are drawn at their beginning."""
    if axis == "day":
        return milliseconds(asked.start), milliseconds(asked.end)
    return (milliseconds(asked.since), milliseconds(asked.until)) if axis == "time" else (None, None)


def summary(panel: Panel, view: View, zone: ZoneInfo) -> str:
    """One sentence on what a chart shows: its highest point, and all of it; "" where there is none."""
    totals: dict[Value, float] = {}
    for point in points(panel, view):
        totals[point.x] = totals.get(point.x, 0) + point.y
    if not totals:
        return ""
    highest, total = max(totals, key=totals.__getitem__), number(sum(totals.values()))
    most = number(totals[highest])
    if axis_of(panel) == "text":
        return f"Highest: {highest} with {most}; {total} in all {len(totals)} shown."
    return f"Highest: {most} on {_moment(highest, zone)}; {total} in all."


def number(value: float) -> str:
    """As people read it: whole, or with two places.

    >>> number(12345.0), number(0.126)
    ('12,345', '0.13')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _titles(panel: Panel) -> Mapping[str, str]:
    return {column.name: column.title for column in panel.columns}


def _amount(value: Value) -> float:
    if isinstance(value, int | float) and isfinite(value):
        return value
    raise TypeError(f"a chart needs a number in every row, not {value!r}")


def _moment(x: Value, zone: ZoneInfo) -> str:
    if isinstance(x, datetime):
        local = x.astimezone(zone)
        return f"{local.day} {local:%B %Y} at {local:%H:%M}"
    return f"{x.day} {x:%B %Y}" if isinstance(x, date) else str(x)
