"""MISP events as JSON, told again as the messages that MISP sent when it got them."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from watchfloor.replay.times import day, seconds
from watchfloor.simulate.message import Message

Row = dict[str, Any]

# What the row of an event has; everything else is nested content.
_EVENT_ROW = (
    "id", "org_id", "date", "info", "user_id", "uuid", "published", "analysis", "attribute_count", "orgc_id",
    "timestamp", "distribution", "sharing_group_id", "proposal_email_lock", "locked", "threat_level_id",
    "publish_timestamp", "sighting_timestamp", "disable_correlation", "extends_uuid", "protected",
)  # fmt: skip
_EVENT_BRIEF = (
    "id", "date", "info", "uuid", "published", "analysis", "threat_level_id", "org_id", "orgc_id",
    "distribution", "sharing_group_id", "Orgc",
)  # fmt: skip
_SIGHTED_EVENT = ("id", "uuid", "orgc_id", "org_id", "info", "Orgc")
_SIGHTED_ATTRIBUTE = ("id", "uuid", "type", "category", "to_ids", "value")

_json = msgspec.json.Encoder().encode


def is_event(value: object) -> bool:
    """Whether this is what stands inside `Event`."""
    return isinstance(value, dict) and "info" in value and ("uuid" in value or "Attribute" in value)


def messages(event: Row, now: float) -> list[Message]:
    """The life of an event: added, filled, sighted, published; ordered by MISP's time stamps.

    MISP's time stamps are those of the last change. So the event is added at the earliest time in it,
    and published at the latest; an object is added with the first of its attributes, and nothing is
    sighted before it was added. What has no time of its own takes the event's, else its date, else
    `now`. Ids that an export left out are made from the UUID, base64 `data` is dropped.
    """
    return _Story(event, now).told()


class _Story:
    def __init__(self, event: Row, now: float) -> None:
        self._event = _identified(event)
        self._time = seconds(event.get("timestamp")) or day(event.get("date")) or now
        self._messages: list[Message] = []

    def told(self) -> list[Message]:
        event = self._event
        event["Attribute"] = [self._attribute(row, None) for row in _rows(event, "Attribute")]
        event["Object"] = [self._object(row) for row in _rows(event, "Object")]
        times = [self._time, *(message.time for message in self._messages)]
        end = max([*times, seconds(event.get("publish_timestamp")) or 0.0])
        whole = {
            **event,
            "Attribute": _alive(event["Attribute"]),
            "Object": [{**o, "Attribute": _alive(o["Attribute"])} for o in _alive(event["Object"])],
        }
        added = Message(min(times), "misp_json_event", _json(_added(event)))
        published = Message(end, "misp_json", _json({"Event": whole}))
        return [added, *sorted(self._messages, key=_when), published]

    def _say(self, time: float, topic: str, body: Row) -> None:
        self._messages.append(Message(time, topic, _json(body)))

    def _attribute(self, row: Row, item: Row | None) -> Row:
        """Tell of an attribute and its sightings; return it as the whole event has it."""
        attribute = {**_identified(row), "event_id": self._event["id"]}
        attribute.pop("data", None)
        if item is not None:
            attribute["object_id"] = item["id"]
        time = seconds(attribute.get("timestamp")) or self._time
        body = {"Attribute": _flat(attribute), "Event": _part(self._event, _EVENT_BRIEF)}
        if item is not None:
            body["Object"] = item
        self._say(time, "misp_json_attribute", {**body, "action": _action(attribute)})
        for sighting in _rows(attribute, "Sighting"):
            self._sighting(attribute, sighting, time)
        return attribute

    def _object(self, row: Row) -> Row:
        """Tell of an object, its attributes and references; return it as the whole event has it."""
        item = {**_identified(row), "event_id": self._event["id"]}
        bare = {key: value for key, value in item.items() if key not in ("Attribute", "ObjectReference")}
        place = len(self._messages)
        inside = [self._attribute(attribute, bare) for attribute in _rows(item, "Attribute")]
        own = seconds(item.get("timestamp")) or self._time
        time = min([own, *(message.time for message in self._messages[place:])])
        added = Message(time, "misp_json_object", _json({"Object": bare, "action": _action(item)}))
        self._messages.insert(place, added)
        for reference in _rows(item, "ObjectReference"):
            when = max(time, seconds(reference.get("timestamp")) or time)
            row = {**reference, "event_id": self._event["id"], "object_id": item["id"]}
            body = {"ObjectReference": row, "action": _action(reference)}
            self._say(when, "misp_json_object_reference", body)
        return {**item, "Attribute": inside}

    def _sighting(self, attribute: Row, sighting: Row, added: float) -> None:
        row = {
            "attribute_id": attribute["id"],
            "event_id": self._event["id"],
            **sighting,
            "Event": _part(self._event, _SIGHTED_EVENT),
            "Attribute": _part(attribute, _SIGHTED_ATTRIBUTE),
        }
        time = max(added, seconds(sighting.get("date_sighting")) or added)
        self._say(time, "misp_json_sighting", {"Sighting": row, "action": "add"})


def _when(message: Message) -> float:
    return message.time


def _added(event: Row) -> Row:
    """The event as it was added: tags and creator beside its row, not inside."""
    tags = [
        {
            "event_id": event["id"],
            "tag_id": tag.get("id"),
            "local": tag.get("local", False),
            "relationship_type": tag.get("relationship_type"),
            "Tag": tag,
        }
        for tag in _rows(event, "Tag")
    ]
    body: Row = {"Event": _part(event, _EVENT_ROW)}
    if "Orgc" in event:
        body["Orgc"] = event["Orgc"]
    return {**body, "EventTag": tags, "action": "add"}


def _flat(attribute: Row) -> Row:
    """An attribute as its own message has it: no clusters, and both columns of its value."""
    kind, value = str(attribute.get("type")), str(attribute.get("value"))
    first, _, second = value.partition("|") if "|" in kind or kind == "malware-sample" else (value, "", "")
    row = {key: item for key, item in attribute.items() if key not in ("Galaxy", "ShadowAttribute")}
    return {**row, "value1": first, "value2": second}


def _identified(row: Row) -> Row:
    """A copy that has an id."""
    known = row.get("id")
    return {**row, "id": str(known) if known else str(crc32(str(row.get("uuid") or row).encode()))}


def _action(row: Row) -> str:
    return "soft-delete" if _deleted(row) else "add"


def _deleted(row: Row) -> bool:
    return row.get("deleted") in (True, 1, "1", "true")


def _alive(rows: list[Row]) -> list[Row]:
    return [row for row in rows if not _deleted(row)]


def _part(row: Row, keys: tuple[str, ...]) -> Row:
    return {key: row[key] for key in keys if key in row}


def _rows(row: Row, key: str) -> list[Row]:
    """What a list holds; PHP writes an empty object as one, and exports hold null."""
    value = row.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
