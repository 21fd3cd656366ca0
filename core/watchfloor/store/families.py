"""Who owns which Redis keys: the register of key families, and the check that no two overlap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watchfloor.contracts import Keys
from watchfloor.store.keys import CORE_KEYS

_HOLE = re.compile(r"\{\w+\}")
CORE = "core"


def overlaps(a: Keys, b: Keys) -> bool:
    """Whether some key could belong to both families (placeholders never hold a `:`)."""
    left, right = a.pattern.split(":"), b.pattern.split(":")
    return len(left) == len(right) and all(map(_segments_meet, left, right))


def _segments_meet(left: str, right: str) -> bool:
    if not (_HOLE.search(left) or _HOLE.search(right)):
        return left == right
    if _HOLE.search(left) and _HOLE.search(right):
        heads = _HOLE.split(left)[0], _HOLE.split(right)[0]
        tails = _HOLE.split(left)[-1], _HOLE.split(right)[-1]
        return _prefix(*heads) and _prefix(tails[0][::-1], tails[1][::-1])
    hole, plain = (left, right) if _HOLE.search(left) else (right, left)
    return bool(Keys(hole, "string", "").regex.fullmatch(plain))


def _prefix(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


@dataclass(frozen=True)
class Families:
    """Every declared family, by owner; the core's own are always there."""

    by_owner: Mapping[str, tuple[Keys, ...]]

    @classmethod
    def of(cls, plugins: Mapping[str, Iterable[Keys]]) -> Families:
        """The core's families and those of the plugins."""
        return cls({CORE: CORE_KEYS, **{name: tuple(keys) for name, keys in plugins.items()}})

    def __iter__(self) -> Iterator[tuple[str, Keys]]:
        return ((owner, family) for owner, families in self.by_owner.items() for family in families)

    def conflict(self, family: Keys) -> tuple[str, Keys] | None:
        """The owner and family that already claims a key of this one."""
        return next(((owner, own) for owner, own in self if overlaps(own, family)), None)

    def owner(self, name: str) -> tuple[str, Keys] | None:
        """Who owns the key of this name (without the site's prefix)."""
        return next(((owner, family) for owner, family in self if family.regex.fullmatch(name)), None)

    def owned(self, owner: str) -> Mapping[str, Keys]:
        """The owner's families by pattern."""
        return {family.pattern: family for family in self.by_owner.get(owner, ())}
