"""The Redis keys of trendings: those of the old misp-dashboard, so that its history reads on, and two new."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache

from watchfloor import Keys, Tag

EVENTS = Keys("TRENDINGS_EVENTS:{date}", "zset", "event title; +1 for each version of an event")
CATEGORIES = Keys("TRENDINGS_CATEGS:{date}", "zset", "category; +1 for each version of an attribute")
TAGS = Keys("TRENDINGS_TAGS:{date}", "zset", "JSON of a tag; +1 for each version of what bears it")
TYPES = Keys("TRENDINGS_TYPES:{date}", "zset", "type; +1 for each version of an attribute")
DISCUSSIONS = Keys("TRENDINGS_DISC:{date}", "zset", "title of a discussed event; +1 for each post")
SIGHTINGS = Keys("TRENDINGS_SIGHT_sightings:{date}", "string", "sightings reported")
FALSE_POSITIVES = Keys("TRENDINGS_SIGHT_false_positive:{date}", "string", "false positives reported")
CHANGED = Keys("trendings:changed:{kind}:{year}", "hash", "day: a mark that is another after each change")

FAMILIES = (EVENTS, CATEGORIES, TAGS, TYPES, DISCUSSIONS, SIGHTINGS, FALSE_POSITIVES, CHANGED)
LISTS = {
    "events": EVENTS,
    "categories": CATEGORIES,
    "tags": TAGS,
    "types": TYPES,
    "discussions": DISCUSSIONS,
}
"""The kinds of which there is a list, and where each is counted."""
LONGEST = 1000  # characters of a label: what a person could read, and no more of a hostile one


def declared(retention_days: int | None) -> list[Keys]:
    """The families, kept for so many days."""
    retention = None if retention_days is None else timedelta(days=retention_days)
    return [Keys(family.pattern, family.kind, family.meaning, retention) for family in FAMILIES]


@lru_cache(maxsize=10_000)
def tag_member(tag: Tag) -> str:
    """A tag as a member of TRENDINGS_TAGS, byte for byte as the old program wrote it.

    >>> tag_member(Tag("2", "tlp:white", "#ffffff"))
    '{"id": "2", "name": "tlp:white", "colour": "#ffffff"}'
    """
    return json.dumps({"id": tag.id, "name": tag.name, "colour": tag.colour})
