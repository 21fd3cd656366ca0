"""What is counted, as people read it: labels by number, and how they are found."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from watchfloor_trendings.keys import LONGEST

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class Label(NamedTuple):
    """What people read; `colour` is a tag's, checked to be one, or ""."""

    text: str
    colour: str = ""


def read_label(member: str, *, tag: bool) -> Label:
    """A member of a trend's key. Members that the old program wrote read as well."""
    if not tag:
        return Label(member[:LONGEST])
    try:
        fields = json.loads(member)
        name, colour = str(fields["name"]), str(fields.get("colour", ""))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Label(member[:LONGEST])
    return Label(name[:LONGEST], colour if _COLOUR.fullmatch(colour) else "")


def fold(text: str) -> str:
    """Without what a search should not mind: case and accents.

    >>> fold("Événement ÉTÉ"), fold("Straße")
    ('evenement ete', 'strasse')
    """
    if text.isascii():
        return text.lower()
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(bare).casefold()


class Labels:
    """Every label met, by number. Tags of one name are one label, whichever instance they come from."""

    def __init__(self, *, tags: bool = False) -> None:
        self.tags = tags
        self.texts: list[str] = []
        self.colours: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._members: dict[str, int] = {}
        self._folded: list[str] = []

    def __len__(self) -> int:
        return len(self.texts)

    def numbers(self, members: Iterable[str]) -> list[int]:
        """The number of each member of a key; a new one if it was not met."""
        known = self._members if self.tags else self._numbers
        return [self._meet(m) if (number := known.get(m)) is None else number for m in members]

    def find(self, text: str) -> int | None:
        """The number of a label, None if it was not met."""
        return self._numbers.get(text)

    def folded(self, begin: int, end: int) -> list[str]:
        """The labels of these numbers as `fold` makes them."""
        self._folded.extend(fold(text) for text in self.texts[len(self._folded) : end])
        return self._folded[begin:end]

    def _meet(self, member: str) -> int:
        label = read_label(member, tag=self.tags)
        number = self._number(label.text)
        if self.tags:
            self._members[member] = number
            if label.colour:
                self.colours[number] = label.colour
        return number

    def _number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number
