"""CSV (RFC 4180) that a spreadsheet opens without running what somebody else wrote into it."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from watchfloor.web.rest.values import Plain

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, their full-width twins
# included; they skip blanks and characters that have no width before it.
_FORMULA = re.compile(
    "[\\s\\x00-\\x20\\u200b-\\u200f\\u2060\\ufeff]*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]"
)


def cell(value: Plain) -> str | int | float:
    """A cell: numbers as they are; text that a spreadsheet would calculate begins with an apostrophe."""
    if not isinstance(value, str):
        return "" if value is None else value
    return f"'{value}" if _FORMULA.match(value) else value


def sheet(names: Sequence[str], rows: Iterable[Sequence[Plain]]) -> bytes:
    """The names of the columns and the rows, UTF-8 without a mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell(name) for name in names])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode()
