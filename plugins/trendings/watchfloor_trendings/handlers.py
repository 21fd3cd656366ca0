"""What counts as a trend: pure functions from activities to writes.

A version of an event or attribute counts once, however often and through whatever topic or instance
MISP repeats it, on the day that MISP's own time stamp names.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchfloor import (
    AttributeShared,
    EventShared,
    Handler,
    Key,
    PostWritten,
    SightingReported,
    Tag,
    Writes,
)
from watchfloor_trendings.announce import touched
from watchfloor_trendings.keys import (
    CATEGORIES,
    DISCUSSIONS,
    EVENTS,
    FALSE_POSITIVES,
    LONGEST,
    SIGHTINGS,
    TAGS,
    TYPES,
    tag_member,
)


def count_event(event: EventShared, writes: Writes) -> None:
    """A new version of an event: its title and its tags."""
    if event.new:
        day = event.time.date()
        _count(writes, "events", EVENTS(date=day), event.event.info)
        _count_tags(writes, TAGS(date=day), event.tags)


def count_attribute(attribute: AttributeShared, writes: Writes) -> None:
    """A new version of an attribute: its category, its type and its tags."""
    if attribute.new:
        day = attribute.time.date()
        _count(writes, "categories", CATEGORIES(date=day), attribute.category)
        _count(writes, "types", TYPES(date=day), attribute.type)
        _count_tags(writes, TAGS(date=day), attribute.tags)


def count_post(post: PostWritten, writes: Writes) -> None:
    """A post: the title of the event that it discusses, or of the thread."""
    title = post.title or f"Thread {post.thread_id} on {post.feed}"
    _count(writes, "discussions", DISCUSSIONS(date=post.time.date()), title)


def count_sighting(sighting: SightingReported, writes: Writes) -> None:
    """A sighting or a false positive; expirations are neither."""
    family = {"sighting": SIGHTINGS, "false-positive": FALSE_POSITIVES}.get(sighting.kind)
    if family is not None and sighting.new:
        day = sighting.time.date()
        writes.incrby(family(date=day))
        writes.touch(touched("sightings", day))


def _count(writes: Writes, kind: str, key: Key, label: str) -> None:
    if label:
        writes.zincrby(key, 1, label[:LONGEST])
        writes.touch(touched(kind, key.day))


def _count_tags(writes: Writes, key: Key, tags: Iterable[Tag]) -> None:
    for tag in tags:
        writes.zincrby(key, 1, tag_member(tag))
        writes.touch(touched("tags", key.day))


HANDLERS = (
    Handler(EventShared, count_event),
    Handler(AttributeShared, count_attribute),
    Handler(PostWritten, count_post),
    Handler(SightingReported, count_sighting),
)
