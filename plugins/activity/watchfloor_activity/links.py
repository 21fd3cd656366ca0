"""Where things stand in MISP's own pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


def event_url(item: Mapping[str, Any], misp: Mapping[str, str]) -> str:
    """The address of an item's event, or "" where the feed's `misp_url` is not configured."""
    return _url(item, misp, "events", item["event_uuid"] or item["event_id"])


def attribute_url(item: Mapping[str, Any], misp: Mapping[str, str]) -> str:
    """The address of an attribute, or ""."""
    return _url(item, misp, "attributes", item["uuid"])


def _url(item: Mapping[str, Any], misp: Mapping[str, str], what: str, name: str) -> str:
    base = misp.get(item["feed"], "")
    return f"{base}/{what}/view/{quote(name, safe='', errors='replace')}" if base and name else ""
