"""Addresses: where MISP shows what is counted, and where a page follows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

_SPLITS = re.compile(r"[/\\|%?#]")
_LONGEST = 200  # characters of a title in an address


class Link(NamedTuple):
    """Where one of the instances shows it; `feed` is the instance's name here."""

    feed: str
    url: str


def misp_links(kind: str, label: str, misp: Mapping[str, str]) -> list[Link]:
    """Where each MISP lists the events of this title or tag; nothing for what MISP has no list of."""
    path = _PATHS.get(kind, _nowhere)(label)
    return [Link(feed, f"{address}{path}") for feed, address in misp.items()] if path else []


def _events(title: str) -> str:
    """MISP's search is for a part of the title: what its addresses cannot carry is left out.

    >>> _events("IOCs 10/2026: QakBot wave"), _events("!|")
    ('/events/index/searcheventinfo:2026%3A%20QakBot%20wave', '')
    """
    parts = (part.strip().lstrip("!").strip() for part in _SPLITS.split(title))
    part = max(parts, key=len)[:_LONGEST]
    return f"/events/index/searcheventinfo:{quote(part, safe='', errors='replace')}" if part else ""


def _tags(name: str) -> str:
    """By name, which is the same on every instance. What MISP would take for something else has no link.

    >>> _tags("tlp:amber"), _tags("2026"), _tags("a|b")
    ('/events/index/searchtag:tlp%3Aamber', '', '')
    """
    if not name or name.isdecimal() or name.startswith("!") or _SPLITS.search(name):
        return ""
    return f"/events/index/searchtag:{quote(name, safe='', errors='replace')}"


def _nowhere(_label: str) -> str:
    return ""


_PATHS: Mapping[str, Callable[[str], str]] = {"events": _events, "discussions": _events, "tags": _tags}
