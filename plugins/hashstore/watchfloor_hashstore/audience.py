"""Who may see an attribute, by MISP's own rule, in a form that is compiled once and asked often.

A level says how far an event, an object or an attribute lets itself be seen: `*` by everyone on the
instance, `-` by nobody, or `7` by the members of that sharing group. An attribute is seen by the
organisation that owns its event, and by those whom the event's level, the object's and its own all let.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

EVERYONE, NOBODY = "*", "-"
_LARGEST = 0xFFFFFFFF
_OPEN = frozenset("123")
_OPEN_OR_INHERITED = frozenset("1235")


@lru_cache(maxsize=4096)
def level_of_event(distribution: str, group: str, *, hidden: bool = False) -> str:
    """The level of an event; `hidden` when it is unpublished and those are private.

    >>> level_of_event("3", "0"), level_of_event("4", "7"), level_of_event("0", "0"), level_of_event("5", "0")
    ('*', '7', '-', '-')
    """
    return NOBODY if hidden else _level(distribution, group, _OPEN)


@lru_cache(maxsize=4096)
def level_of_part(distribution: str, group: str) -> str:
    """The level of an object or attribute, which may inherit its event's."""
    return _level(distribution, group, _OPEN_OR_INHERITED)


def _level(distribution: str, group: str, open_to: frozenset[str]) -> str:
    if distribution in open_to:
        return EVERYONE
    return group if distribution == "4" and number(group) else NOBODY


def number(text: str) -> int:
    """A local id as a number of 32 bits; 0 for what is none.

    >>> number("42"), number("4294967296"), number("x")
    (42, 0, 0)
    """
    if not (text.isdecimal() and len(text) < 11):
        return 0
    id_ = int(text)
    return id_ if id_ <= _LARGEST else 0


def meet(one: str, other: str) -> str:
    """A level that lets nobody see what not both of them let them see.

    >>> meet("*", "7"), meet("7", "7"), meet("7", "8"), meet("-", "*")
    ('7', '7', '-', '-')
    """
    if other in (one, EVERYONE):
        return one
    return other if one == EVERYONE else NOBODY


Groups = Mapping[str, frozenset[int] | None]
"""The local ids of each sharing group's members; None for everyone on the instance."""


@dataclass(frozen=True)
class Caller:
    """Who asks: a site admin, an organisation by its local id, or anyone at all (neither).

    `groups` are the sharing groups that the organisation is in.
    """

    organisation: int | None = None
    admin: bool = False
    groups: frozenset[str] = field(default_factory=frozenset)

    def reached(self, level: str) -> bool:
        """Whether a level lets the caller see what is behind it."""
        return level == EVERYONE or level in self.groups

    def sees(self, owner: int, *levels: str) -> bool:
        """Whether MISP shows the caller an attribute behind these levels, in an event of this owner."""
        if self.admin or (self.organisation and owner == self.organisation):
            return True
        return all(map(self.reached, levels))


def caller(organisation: int | None, groups: Groups, *, admin: bool = False) -> Caller:
    """A caller with the sharing groups that the organisation is in."""
    within = (
        group
        for group, members in groups.items()
        if members is None or (organisation is not None and organisation in members)
    )
    return Caller(organisation, admin, frozenset(within))


def written(members: Iterable[int] | None) -> str:
    """A group's members as text: `*`, or their ids.

    >>> written([7, 2]), written(None), read(written([7, 2]))
    ('2,7', '*', frozenset({2, 7}))
    """
    return EVERYONE if members is None else ",".join(map(str, sorted(members)))


def read(text: str) -> frozenset[int] | None:
    """Undo `written`."""
    return None if text == EVERYONE else frozenset(int(member) for member in text.split(",") if member)
