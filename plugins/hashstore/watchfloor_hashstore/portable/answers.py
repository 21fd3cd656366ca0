"""Answers for people and for programs: text, table, JSON lines, CSV."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from .questions import Questions

FORMATS = ("text", "table", "json", "csv")
FIELDS = ("event_id", "event_uuid", "type", "category", "to_ids", "date", "tlp")
Hits = Sequence[dict[str, Any]]
Answers = tuple[Questions, Mapping[int, Hits]]
"""What was asked together, and the hits of those texts of it that have any."""
_COLUMNS = ("value", "event", "type", "tlp", "date", "event_uuid")


def shown(text: object) -> str:
    """Text without what a terminal would obey."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(text))


def write(answers: Iterable[Answers], form: str, out: TextIO, *, misses: bool = False, url: str = "") -> int:
    """Write the answers as they come, misses too if they are wanted; how many texts had hits.

    Of each text the newest hits come first.

    `form` is one of `FORMATS`; `url` that of MISP, for links.
    """
    writer = {"text": _Text, "table": _Table, "json": _Json, "csv": _Csv}[form](out, url)
    found = 0
    for questions, hits in answers:
        found += len(hits)
        for at in range(len(questions.texts)) if misses else sorted(hits):
            writer.one(questions.texts[at], _different(hits.get(at, ())))
        out.flush()
    writer.end()
    return found


def _different(hits: Hits) -> Hits:
    """Hits without those that tell nothing else, in an order of their own: newest first."""
    if len(hits) < 2:
        return hits
    found = {tuple(hit.items()): hit for hit in hits}
    return sorted([found[told] for told in sorted(found)], key=lambda hit: str(hit["date"]), reverse=True)


class _Text:
    def __init__(self, out: TextIO, url: str) -> None:
        self._out = out
        self._url = url

    def one(self, text: str, hits: Hits) -> None:
        if not hits:
            self._out.write(f"{shown(text)}: not known\n")
        for hit in hits:
            told = [self._event(hit), hit["type"], hit["date"], f"tlp:{hit['tlp']}" if hit["tlp"] else ""]
            self._out.write(f"{shown(text)}: {shown(', '.join(filter(None, told)))}\n")

    def _event(self, hit: Mapping[str, Any]) -> str:
        return link(hit, self._url) or f"event {hit['event_id'] or hit['event_uuid']}"

    def end(self) -> None:
        self._out.flush()


class _Json(_Text):
    def one(self, text: str, hits: Hits) -> None:
        plain = text.encode("utf-8", "replace").decode()
        self._out.write(json.dumps({"value": plain, "found": bool(hits), "hits": list(hits)}) + "\n")


class _Csv(_Text):
    def __init__(self, out: TextIO, url: str) -> None:
        super().__init__(out, url)
        self._csv = csv.writer(out, lineterminator="\n")
        self._csv.writerow(("value", "found", *FIELDS))

    def one(self, text: str, hits: Hits) -> None:
        for hit in hits or [{}]:
            row = (text, int(bool(hits)), *(hit.get(name, "") for name in FIELDS))
            self._csv.writerow([_cell(value) for value in row])


def _cell(value: object) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    text = shown(int(value) if isinstance(value, bool) else value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


class _Table(_Text):
    def __init__(self, out: TextIO, url: str) -> None:
        super().__init__(out, url)
        self._rows: list[tuple[str, ...]] = [tuple(name.replace("_", " ") for name in _COLUMNS)]

    def one(self, text: str, hits: Hits) -> None:
        for hit in hits or [{}]:
            cells = (text, hit.get("event_id", "not known"), *(hit.get(n, "") for n in _COLUMNS[2:]))
            self._rows.append(tuple(shown(cell) for cell in cells))

    def end(self) -> None:
        widths = [max(len(row[at]) for row in self._rows) for at in range(len(_COLUMNS))]
        for row in self._rows:
            self._out.write("  ".join(map(str.ljust, row, widths)).rstrip() + "\n")
        self._out.flush()


def link(hit: Mapping[str, Any], url: str) -> str:
    """Where MISP shows the event; "" when its address is not known."""
    place = hit["event_id"] or hit["event_uuid"]
    return f"{url.rstrip('/')}/events/view/{place}" if url and place else ""


def complain(sentence: str) -> None:
    """Say what is wrong, on standard error."""
    sys.stderr.write(f"{shown(sentence)}\n")


def hang_up(out: TextIO) -> None:
    """Write nowhere from here on: who read it has gone, which Python would complain of when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, out.fileno())
    os.close(nowhere)
