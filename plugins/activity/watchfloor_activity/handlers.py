"""What is counted and what is shown as it arrives: pure functions from activities to writes.

A version of an attribute counts once, on the day and in the quarter of an hour in which it came.
"""

from __future__ import annotations

from datetime import UTC

from watchfloor import AttributeShared, Channel, EventShared, Handler, SightingReported, Writes
from watchfloor_activity.items import NAME, attribute_item, event_item
from watchfloor_activity.keys import EVENTS, QUARTER, SIGHTINGS, place_of

ATTRIBUTES = Channel("attributes")
LATEST = Channel("events")


def attribute_came(attribute: AttributeShared, writes: Writes) -> None:
    """An attribute goes to browsers; a new version counts for its category, its event and its creator."""
    writes.publish(ATTRIBUTES, attribute_item(attribute))
    if attribute.new:
        received = attribute.received
        # Worked out once for a quarter of an hour: there are thousands of attributes in a second.
        place = place_of(int(received.timestamp()) // QUARTER, received.tzinfo or UTC)
        category = attribute.category[:NAME] or "none"
        writes.hincrby(place.quarters, place.place + category)
        writes.hincrby(place.days, category)
        writes.hset(place.events, _name(attribute), attribute.event.org[:NAME])


def event_came(event: EventShared, writes: Writes) -> None:
    """An event that is new or was published goes to browsers; a new version counts."""
    if event.new or event.action == "publish":
        writes.publish(LATEST, event_item(event))
    if event.new:
        writes.hset(EVENTS(date=event.received.date()), _name(event), event.event.org[:NAME])


def _name(activity: AttributeShared | EventShared) -> str:
    """What tells an event apart over all feeds; without a UUID its feed and its id there."""
    event = activity.event
    return event.uuid[:NAME] or f"{activity.feed} {event.id[:NAME]}"


def sighting_came(sighting: SightingReported, writes: Writes) -> None:
    """A new sighting counts; false positives and expirations are none."""
    if sighting.new and sighting.kind == "sighting":
        writes.incrby(SIGHTINGS(date=sighting.received.date()))


HANDLERS = (
    Handler(AttributeShared, attribute_came),
    Handler(EventShared, event_came),
    Handler(SightingReported, sighting_came),
)
