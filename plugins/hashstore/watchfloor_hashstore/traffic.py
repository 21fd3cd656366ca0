"""Traffic lights (TLP): of tags, and of attributes whose tags changed since. Lights are names, or numbers.

What the feed told of an attribute's tags is a byte behind the hashes that it has since it changed, or alone:
the strictest light that was attached, and `DOUBT` where one was detached, as nothing tells if any is left.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchfloor_hashstore.layout import TLP

DOUBT = 8
_OF_TAGS = {**{f"tlp:{name}": name for name in TLP if name}, "tlp:white": "clear"}


def light_of(tag: str) -> str:
    """The light that a tag stands for, "" for none."""
    return _OF_TAGS.get(tag.lower(), "")


def strictest(lights: Iterable[str]) -> str:
    """The strictest of some lights, "" if there are none.

    >>> strictest(["amber", "", "green"])
    'amber'
    """
    return max(lights, key=TLP.index, default="")


def since(changed: bytes) -> int:
    """What was told of the tags of an attribute that changed, 0 for nothing."""
    return changed[-1] if len(changed) % 8 == 1 else 0


def shown(own: int, event: int, changed: bytes) -> int:
    """The light that is shown of an attribute that changed: its own, else its event's; both where in doubt.

    >>> shown(2, 5, b""), shown(2, 5, bytes([3])), shown(0, 5, b""), shown(2, 5, bytes([DOUBT]))
    (2, 3, 5, 5)
    """
    told = since(changed)
    own = max(own, told % DOUBT)
    return max(own, event) if told & DOUBT else own or event
