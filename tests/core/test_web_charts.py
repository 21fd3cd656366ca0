"""What a browser is given to draw, the sentence that says it, and how much it has to fetch for that."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import QueryParams

import watchfloor.web
from watchfloor.panels import Ask, Chart, Column, Panel, View
from watchfloor.web.charts import PLACES, Twin, drawing, milliseconds, summary, twin
from watchfloor.web.query import Query, read_query

VENDOR = Path(watchfloor.web.__file__).parent / "static" / "vendor"
MOST = 400_000  # bytes, gzipped
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def nothing(_ask: Ask) -> View:
    return View()


def panel(kind: Any, x: Any, by: str = "", **fields: Any) -> Panel:
    columns = (Column("x", "When", x), Column("y", "Attributes", "number"), Column("by", "Category"))
    return Panel("p", "Activity", nothing, columns=columns, chart=Chart(kind, "x", "y", by), **fields)


def query(**parameters: str) -> Query:
    return read_query("/", QueryParams(parameters), NOON, LUXEMBOURG, "7d")


def drawn(of: Panel, *rows: tuple[Any, ...], **parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(drawing(of, View(rows=rows), query(**parameters)))
    return found


def test_rows_become_one_series_for_each_name_with_a_number_for_each_time() -> None:
    found = drawn(
        panel("area", "time", "by"), (NOON, 3, "b"), (NOON - HOUR, 1, "a"), (NOON, 2, "a"), (NOON, 4, "b")
    )
    noon = milliseconds(NOON)
    assert found["x"] == [noon - 3_600_000, noon]
    assert found["series"] == [["a", [1, 2]], ["b", [0, 7]]]
    assert (found["unit"], found["title"], found["axis"]) == ("Attributes", "Activity", "time")


def test_a_time_axis_covers_the_range_in_the_viewers_zone() -> None:
    rows = ((NOON, 1, ""),)
    found = drawn(panel("line", "time"), *rows, last="48h", tz="Asia/Tokyo")
    assert [found["start"], found["end"]] == [milliseconds(NOON - 48 * HOUR), milliseconds(NOON)]
    assert (found["zone"], found["about"]) == ("Asia/Tokyo", "the last 48 hours")


def test_days_are_those_of_the_site_whatever_the_viewers_zone() -> None:
    rows = ((date(2026, 10, 25), 1, ""),)
    found = drawn(panel("line", "day"), *rows, last="2d", tz="Asia/Tokyo")
    assert found["x"] == [datetime(2026, 10, 25, tzinfo=UTC).timestamp() * 1000]
    assert found["start"] == datetime(2026, 10, 24, tzinfo=UTC).timestamp() * 1000
    assert (found["zone"], found["axis"]) == ("Europe/Luxembourg", "day")


def test_a_panel_without_a_range_is_drawn_as_far_as_its_rows_go() -> None:
    found = drawn(panel("line", "time", ranged=False), (NOON, 1, ""))
    assert (found["start"], found["end"], found["about"]) == (None, None, "")


def test_bars_keep_the_order_of_their_rows_and_hostile_names_as_they_are() -> None:
    names = ["</figure><script>", "__proto__", '"', "\u202eback"]
    found = drawn(panel("bars", "text"), *((name, 4 - i, "") for i, name in enumerate(names)))
    assert found["x"] == names
    assert found["series"] == [["", [4, 3, 2, 1]]]


@pytest.mark.parametrize(
    ("x", "y", "problem"),
    [
        (NOON, "many", "a number in every row, not 'many'"),
        (NOON, None, "a number in every row, not None"),
        (NOON, float("nan"), "a number in every row, not nan"),
        ("noon", 1, "a time or a day in every row, not 'noon'"),
    ],
)
def test_a_row_that_cannot_be_drawn_says_what_it_needs(x: Any, y: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        drawn(panel("line", "time"), (x, y, ""))


@pytest.mark.parametrize(
    ("of", "rows", "sentence"),
    [
        (
            panel("area", "time", "by"),
            [(NOON, 1000, "a"), (NOON, 234, "b"), (NOON + HOUR, 1, "a")],
            "Highest: 1,234 on 25 October 2026 at 13:00; 1,235 in all.",
        ),
        (
            panel("line", "day"),
            [(date(2026, 10, 1), 0.5, ""), (date(2026, 10, 2), 2, "")],
            "Highest: 2 on 2 October 2026; 2.50 in all.",
        ),
        (
            panel("bars", "text"),
            [("CIRCL", 12, ""), ("<b>", 3000, "")],
            "Highest: <b> with 3,000; 3,012 in all 2 shown.",
        ),
        (panel("bars", "text"), [], ""),
        (Panel("p", "No chart", nothing, columns=(Column("x", "X"),)), [("a",)], ""),
    ],
)
def test_a_chart_has_a_sentence(of: Panel, rows: Any, sentence: str) -> None:
    assert summary(of, View(rows=rows), LUXEMBOURG) == sentence


def test_a_browser_fetches_less_than_it_may_of_what_others_wrote() -> None:
    files = [file for file in VENDOR.iterdir() if file.name != ".stamp"]
    assert {"echarts.js", "fonts.css"} <= {file.name for file in files}
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) < MOST


def test_the_licences_of_all_that_is_bundled_are_passed_on() -> None:
    text = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    for holder in ("echarts 6", "zrender 6", "tslib 2", "Mike Bostock", "The Apache Software Foundation"):
        assert holder in text


def test_the_twin_has_a_row_for_each_time_the_last_first_and_a_number_for_each_series() -> None:
    of = panel("area", "time", "by")
    found = twin(of, View(rows=((NOON - HOUR, 1, "a"), (NOON, 3, "b"), (NOON, 4, "b"))))
    assert found == Twin(of.columns[0], ["a", "b"], [(NOON, (0, 7)), (NOON - HOUR, (1, 0))], 0)


def test_the_twin_of_bars_keeps_their_order_and_says_how_many_it_leaves_out() -> None:
    rows = [(f"name {n}", n, "a") for n in range(PLACES + 5)]
    found = twin(panel("bars", "text", "by"), View(rows=rows))
    assert found is not None
    assert [x for x, _ in found.rows] == [name for name, _, _ in rows[:PLACES]]
    assert found.left_out == 5


def test_without_series_the_rows_are_the_twin() -> None:
    assert twin(panel("line", "time"), View(rows=((NOON, 1, ""),))) is None
