"""What a filter means: a tree of conditions, and whether an item meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIELDS: Mapping[str, tuple[str, ...]] = {
    "feed": ("feed",),
    "event": ("event", "event_id", "event_uuid"),
    "org": ("org",),
    "category": ("category",),
    "type": ("type",),
    "tag": ("tags",),
}
"""The fields of the language, and the texts of an item in which each looks."""
TEXT = ("value", "event", "comment")
"""The texts of an item in which a word without a field is looked for."""
IDS = frozenset({"event_id", "event_uuid"})
"""Texts that match as a whole only: 4 is not part of event 42."""


@dataclass(frozen=True)
class Has:
    """Some of these texts holds the pattern: `parts` in lower case, in order, with anything between them.

    `whole` when the pattern must match a text from its beginning to its end.
    """

    fields: tuple[str, ...]
    parts: tuple[str, ...]
    whole: bool = False

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["has", list(self.fields), list(self.parts), self.whole]


@dataclass(frozen=True)
class Is:
    """Whether the item is new, or was seen before."""

    new: bool

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["is", self.new]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    tree: Tree

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["not", self.tree.plain]


@dataclass(frozen=True)
class Every:
    """All of them; of none, any item."""

    trees: tuple[Tree, ...]

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["every", *(tree.plain for tree in self.trees)]


@dataclass(frozen=True)
class Some:
    """At least one of them."""

    trees: tuple[Tree, ...]

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["some", *(tree.plain for tree in self.trees)]


Tree = Has | Is | Not | Every | Some
EVERYTHING = Every(())


def matches(tree: Tree, item: Mapping[str, Any]) -> bool:
    """Whether an item, as it goes to browsers, matches."""
    match tree:
        case Has():
            return any(_holds(tree, field, text) for field, text in _texts(item, tree.fields))
        case Is():
            return bool(item.get("new")) == tree.new
        case Not():
            return not matches(tree.tree, item)
        case Every():
            return all(matches(part, item) for part in tree.trees)
        case Some():
            return any(matches(part, item) for part in tree.trees)


def _texts(item: Mapping[str, Any], fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        if field == "tags":
            yield from ((field, str(tag[0])) for tag in item.get("tags", ()))
        else:
            yield field, str(item.get(field, ""))


def _holds(pattern: Has, field: str, text: str) -> bool:
    """Whether a text holds the parts in order, from end to end where the whole must match."""
    text, parts, position = text.lower(), pattern.parts, 0
    whole = pattern.whole or field in IDS
    if whole and len(parts) == 1:
        return text == parts[0]
    last = len(parts) - 1
    for i, part in enumerate(parts):
        found = text.rfind(part, position) if whole and i == last else text.find(part, position)
        if (
            found < 0
            or (whole and i == 0 and found != 0)
            or (whole and i == last and found + len(part) != len(text))
        ):
            return False
        position = found + len(part)
    return True


def quoted(text: str) -> str:
    """A text as the language quotes it, to be matched as it is."""
    return '"' + re.sub(r'([*"\\])', r"\\\1", text) + '"'
