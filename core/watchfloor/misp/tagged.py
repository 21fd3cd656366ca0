"""What an event is tagged with: what was known and what a message tells make what is known from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from watchfloor.misp.facts import TagFacts
from watchfloor.misp.model import Event, Tag

Tags = tuple[TagFacts, ...]
Retag = Callable[[Tags, Tags], Tags]
"""What becomes of the known tags of an event (first) when a message tells some (second)."""

MOST = 50
"""Tags of one event that are remembered."""


def replaced(_known: Tags, told: Tags) -> Tags:
    """All tags are told."""
    return told


def published(known: Tags, told: Tags) -> Tags:
    """All tags that may be exported are told."""
    return bounded((*told, *(tag for tag in known if not tag.exportable)))


def attached(known: Tags, told: Tags) -> Tags:
    """These are attached; one that was renamed since stays in its place."""
    kept = (next((new for new in told if _same(new, tag)), tag) for tag in known)
    return bounded((*kept, *told))


def detached(known: Tags, told: Tags) -> Tags:
    """These are no longer attached."""
    return tuple(tag for tag in known if not any(_same(gone, tag) for gone in told))


def bounded(tags: Iterable[TagFacts]) -> Tags:
    """Each tag once, the first `MOST` of them; one without a name is none."""
    return tuple({tag.name.lower(): tag for tag in tags if tag.name}.values())[:MOST]


def with_tags(event: Event, tags: Tags) -> Event:
    """The event with what it is tagged with."""
    return Event(
        event.id,
        event.uuid,
        event.info,
        event.org,
        event.org_id,
        event.owner_id,
        tuple([_tag(tag) for tag in tags]),
    )


@lru_cache(maxsize=4096)
def _tag(facts: TagFacts) -> Tag:
    """Made once, as a feed's events share few tags."""
    return Tag(facts.id, facts.name, facts.colour, facts.local)


def _same(one: TagFacts, other: TagFacts) -> bool:
    return one.name.lower() == other.name.lower() or one.id == other.id != ""
