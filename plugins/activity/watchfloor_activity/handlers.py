"""What is counted and what is shown as it arrives: pure functions from activities to writes.

A version of an attribute counts once, on the day and in the quarter of an hour in which it came.
"""

from __future__ import annotations

from watchfloor import AttributeShared, Channel, Event, EventShared, Handler, SightingReported, Writes
from watchfloor_activity.items import NAME, attribute_item, event_item
from watchfloor_activity.keys import DAYS, EVENTS, ORGS, QUARTER, SIGHTINGS, quarter_of

ATTRIBUTES = Channel("attributes")
LATEST = Channel("events")


def show_attribute(attribute: AttributeShared, writes: Writes) -> None:
    """An attribute, new or seen before, goes to browsers."""
    writes.publish(ATTRIBUTES, attribute_item(attribute))


def count_attribute(attribute: AttributeShared, writes: Writes) -> None:
    """A new version of an attribute: its category, its event and its organisation."""
    if not attribute.new:
        return
    category = attribute.category[:NAME] or "none"
    key, place = quarter_of(int(attribute.received.timestamp()) // QUARTER)
    writes.hincrby(key, f"{place}:{category}")
    writes.hincrby(DAYS(date=attribute.received.date()), category)
    _note(attribute.event, attribute, writes)


def show_event(event: EventShared, writes: Writes) -> None:
    """An event that is new, or was published, goes to browsers."""
    if event.new or event.action == "publish":
        writes.publish(LATEST, event_item(event))


def count_event(event: EventShared, writes: Writes) -> None:
    """A new version of an event: itself and its organisation."""
    if event.new:
        _note(event.event, event, writes)


def _note(event: Event, activity: AttributeShared | EventShared, writes: Writes) -> None:
    day = activity.received.date()
    writes.sadd(EVENTS(date=day), event.uuid[:NAME] or f"{activity.feed} {event.id[:NAME]}")
    if event.org:
        writes.sadd(ORGS(date=day), event.org[:NAME])


def count_sighting(sighting: SightingReported, writes: Writes) -> None:
    """A new sighting; false positives and expirations are none."""
    if sighting.new and sighting.kind == "sighting":
        writes.incrby(SIGHTINGS(date=sighting.received.date()))


HANDLERS = (
    Handler(AttributeShared, count_attribute),
    Handler(AttributeShared, show_attribute),
    Handler(EventShared, count_event),
    Handler(EventShared, show_event),
    Handler(SightingReported, count_sighting),
)
