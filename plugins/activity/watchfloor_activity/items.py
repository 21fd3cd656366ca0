"""What goes to browsers: an attribute, or an event, cut to what a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from watchfloor import AttributeShared, EventShared, Tag

LONGEST = 500  # characters of a value, title or comment
NAME = 120  # characters of a name: of an organisation, a category, a type, a tag
MOST_TAGS = 20


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
        "tags": _tags(attribute.tags),
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
        "tags": _tags(event.tags),
        "attributes": event.attribute_count,
        "action": event.action,
        "new": event.new,
    }


def _tags(tags: Iterable[Tag]) -> list[tuple[str, str]]:
    return [_tag(tag) for tag in tags][:MOST_TAGS]


@lru_cache(maxsize=10_000)
def _tag(tag: Tag) -> tuple[str, str]:
    return tag.name[:NAME], tag.colour[:NAME]
