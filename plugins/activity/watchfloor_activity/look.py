"""Colours that mean something: a category's place in the palette, and a TLP tag's tone."""

from __future__ import annotations

PALETTE = (
    "Network activity",
    "Payload delivery",
    "Artifacts dropped",
    "External analysis",
    "Financial fraud",
)
"""The categories that have a colour of their own; all others share the sixth."""
_TONES = {"clear": "clear", "white": "clear", "green": "clear", "amber": "amber", "red": "red"}


def colour_of(category: str) -> int:
    """The number of a category's colour among the tokens, 1 to 6."""
    return PALETTE.index(category) + 1 if category in PALETTE else len(PALETTE) + 1


def tone_of(tag: str) -> str:
    """The tone of a traffic light protocol's tag: clear, amber, red; "" for any other tag."""
    name = tag.lower()
    return _TONES.get(name.removeprefix("tlp:").partition("+")[0], "") if name.startswith("tlp:") else ""
