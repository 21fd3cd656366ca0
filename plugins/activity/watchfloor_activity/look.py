"""Colours that mean something: a category's place among the largest, and a TLP tag's tone."""

from __future__ import annotations

from collections.abc import Iterable

from watchfloor_activity.buckets import LARGEST

_TONES = {"clear": "clear", "white": "clear", "green": "clear", "amber": "amber", "red": "red"}


def colours_of(categories: Iterable[str]) -> dict[str, int]:
    """The number of each category's colour among the tokens, as the chart gives them: in their order."""
    return {category: i for i, category in enumerate(categories, 1) if i <= LARGEST}


def tone_of(tag: str) -> str:
    """The tone of a traffic light protocol's tag: clear, amber, red; "" for any other tag."""
    name = tag.lower()
    return _TONES.get(name.removeprefix("tlp:").partition("+")[0], "") if name.startswith("tlp:") else ""
