"""The filter language: from what people type to a tree, and whether an item matches it.

`parse` makes the tree; browsers get it as JSON (`Tree.plain`) and decide on live items by the same rules
as `matches` (static/filter.js). docs/live.md describes the language.
"""

from __future__ import annotations

from watchfloor_activity.filters.parser import DEEPEST, parse
from watchfloor_activity.filters.tokens import FilterError
from watchfloor_activity.filters.tree import (
    EVERYTHING,
    FIELDS,
    TEXT,
    Every,
    Has,
    Is,
    Not,
    Some,
    Tree,
    matches,
    quoted,
)

__all__ = [
    "DEEPEST", "EVERYTHING", "FIELDS", "TEXT", "Every", "FilterError", "Has", "Is", "Not", "Some", "Tree",
    "matches", "parse", "quoted",
]  # fmt: skip
