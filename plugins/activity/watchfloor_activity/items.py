"""What goes to browsers: an attribute, or an event, cut to what a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from watchfloor import AttributeShared, EventShared, Tag

LONGEST = 500  # characters of a value, title or comment
NAME = 120  # characters of a name: of an organisation, a category, a type, a tag
MOST_TAGS = 20

Shown = tuple[tuple[str, str], ...]
"""Names and colours of tags."""


def attribute_item(attribute: AttributeShared) -> dict[str, object]:
    """An attribute as it goes to browsers."""
    event = attribute.event
    return {
        "time": attribute.received,
        "feed": attribute.feed,
        "event_id": event.id[:NAME],
        "event_uuid": event.uuid[:NAME],
        "event": event.info[:LONGEST],
        "org": event.org[:NAME],
        "uuid": attribute.uuid[:NAME],
        "category": attribute.category[:NAME],
        "type": attribute.type[:NAME],
        "value": attribute.value[:LONGEST],
        "tags": _tags_of(attribute),
        "to_ids": attribute.to_ids,
        "object": attribute.object[:NAME],
        "relation": attribute.relation[:NAME],
        "comment": attribute.comment[:LONGEST],
        "new": attribute.new,
    }


def event_item(event: EventShared) -> dict[str, object]:
    """An event as it goes to browsers."""
    told = event.event
    return {
        "time": event.received,
        "feed": event.feed,
        "event_id": told.id[:NAME],
        "event_uuid": told.uuid[:NAME],
        "event": told.info[:LONGEST],
        "org": told.org[:NAME],
        "tags": _in_order(event.tags),
        "attributes": event.attribute_count,
        "action": event.action,
        "new": event.new,
    }


def _tags_of(attribute: AttributeShared) -> Shown:
    """Its own tags and those of its event."""
    own, of_event = attribute.tags, attribute.event.tags
    if len(own) > MOST_TAGS:  # nobody's real tags, and not worth keeping
        return _in_order((*own, *of_event))
    return _together(own, of_event)


@lru_cache(maxsize=1000)
def _together(own: tuple[Tag, ...], of_event: tuple[Tag, ...]) -> Shown:
    """Worked out once for all attributes of an event that are tagged alike."""
    return _in_order((*own, *of_event))


def _in_order(tags: Iterable[Tag]) -> Shown:
    """Each tag once, those of the traffic light protocol first: what is cut off must not be one of them."""
    once: dict[str, tuple[str, str]] = {}
    for tag in tags:
        once.setdefault(tag.name.lower(), _tag(tag))
    return tuple(sorted(once.values(), key=_is_no_light)[:MOST_TAGS])


def _is_no_light(tag: tuple[str, str]) -> bool:
    return not tag[0].lower().startswith("tlp:")


@lru_cache(maxsize=10_000)
def _tag(tag: Tag) -> tuple[str, str]:
    return tag.name[:NAME], tag.colour[:NAME]
