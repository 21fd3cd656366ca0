"""Who may see what, by MISP's own rule.

An attribute is seen by the organisation that owns the event on this instance, and by those whom the
event, the object and the attribute all let see it. What a message does not tell lets nobody see it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from watchfloor.misp.model import EVERYONE, NOBODY, Audience, Level

if TYPE_CHECKING:
    from watchfloor.misp.facts import EventFacts, ThreadFacts

Groups = Callable[[str], Audience | None]
"""The members of a sharing group by its id; None when they were never told."""

UNTOLD: Level = ("", "")

_OPEN = frozenset("123")
_OPEN_OR_INHERITED = frozenset("1235")


def only(*org_ids: str) -> Audience:
    """These organisations; an empty id, or 0, is none."""
    return Audience(organisations=frozenset(org_ids) - {"", "0"})


def of_event(about: EventFacts, groups: Groups) -> Audience:
    """Who may see the event."""
    return of_part(about, (), groups)


def of_part(about: EventFacts, levels: tuple[Level, ...], groups: Groups) -> Audience:
    """Who may see a part of the event that stands behind these further levels."""
    audience = _reach((about.distribution, about.sharing_group_id), groups, _OPEN)
    for level in levels:
        audience &= _reach(level, groups, _OPEN_OR_INHERITED)
    return audience if audience.everyone else audience | only(about.event.owner_id)


def of_thread(thread: ThreadFacts, about: EventFacts, groups: Groups) -> Audience:
    """Who may see a discussion: those it is open to, of those who may see its event."""
    in_event = thread.event_id != "0"
    if thread.distribution == "0":
        audience = only(thread.org_id)
    else:
        level = thread.distribution, thread.sharing_group_id
        audience = _reach(level, groups, _OPEN_OR_INHERITED if in_event else _OPEN)
    return audience & of_event(about, groups) if in_event else audience


def of_sighting(reporter: str, about: EventFacts, levels: tuple[Level, ...], groups: Groups) -> Audience:
    """Who may see a sighting by MISP's default policy: the event's owner and the one who reports."""
    return only(about.event.owner_id, reporter) & of_part(about, levels, groups)


def _reach(level: Level, groups: Groups, open_to: frozenset[str]) -> Audience:
    distribution, group = level
    if distribution in open_to:
        return EVERYONE
    return (groups(group) or NOBODY) if distribution == "4" else NOBODY
