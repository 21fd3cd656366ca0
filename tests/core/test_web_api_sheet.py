"""CSV against a spreadsheet's eagerness to calculate, and round trips of anything."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.web.rest.sheet import cell, sheet


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+49 30 1234", "-2", "@SUM(A1)", "\t=1", "\r", "\n=1", " =1", "\u00a0\u3000=1", "\u200b\ufeff=1",
     "\uff1dcmd", "\uff0b1", "\uff0d1", "\uff20x", "\x00=1"],
)  # fmt: skip
def test_what_would_be_calculated_is_text(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=b", "tlp:clear", "198.51.100.7", "'=1", "a\n=1", "\u202e=x"])
def test_what_would_not_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("number", [-1, -0.5, 0, 10**15])
def test_numbers_stay_numbers(number: float) -> None:
    assert cell(number) == number


VALUES = st.one_of(st.none(), st.integers(), st.text(st.characters(codec="utf-8")))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_any_rows_are_read_back(rows: list[tuple[str | int | None, str | int | None]]) -> None:
    body = sheet(["a", "b"], rows)
    read = list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert read == [["a", "b"], *([str(cell(value)) for value in row] for row in rows)]
    # A bare line break stands within quotes only: each record ends with CR LF.
    assert body.endswith(b"\r\n")
