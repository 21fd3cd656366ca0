"""Messages as MISP's publisher sends them: a topic, and JSON as PHP writes it for MISP.

Compact, raw UTF-8, no escaped slashes; `action` comes last. Only the keep-alive is Python's JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from watchfloor.simulate import rows
from watchfloor.simulate.published import whole

if TYPE_CHECKING:
    from datetime import datetime

    from watchfloor.simulate.model import (
        Attribute,
        Event,
        MispObject,
        Organisation,
        Reference,
        Sighting,
        Tag,
        User,
    )
    from watchfloor.simulate.rows import Row

Frame = tuple[str, bytes]

_json = msgspec.json.Encoder().encode


def published(event: Event, related: list[Event]) -> Frame:
    return "misp_json", _json({"Event": whole(event, related)})


def event(event: Event, action: str) -> Frame:
    """An event was added or edited: its row, with the creator and the tags beside it."""
    tags = [
        {
            "id": str(event.id * 100 + place),
            "event_id": str(event.id),
            "tag_id": str(tag.id),
            "local": False,
            "relationship_type": "",
            "Tag": rows.tag_brief(tag),
        }
        for place, tag in enumerate(event.tags)
    ]
    body = {
        "Event": rows.event_row(event),
        "Orgc": rows.name_of(event.creator),
        "EventTag": tags,
        "action": action,
    }
    return "misp_json_event", _json(body)


def event_deleted(event: Event) -> Frame:
    return "misp_json_event", _json({"Event": rows.event_row(event), "action": "delete"})


def event_pulled(event: Event, server: int, action: str) -> Frame:
    body = {"Event": str(event.id), "Server": str(server), "action": f"{action}_from_connected_server"}
    return "misp_json_event", _json(body)


def attribute(event: Event, attribute: Attribute, action: str) -> Frame:
    row = rows.attribute_row(event, attribute)
    if attribute.tags:
        row["Tag"] = [{**rows.tag_brief(tag), "local": False} for tag in attribute.tags]
    row["Sighting"] = [_sighting_of(event, attribute, sighting) for sighting in attribute.sightings]
    body: Row = {"Attribute": row, "Event": rows.event_brief(event)}
    if attribute.object:
        body["Object"] = rows.object_row(event, attribute.object)
    body["action"] = action
    return "misp_json_attribute", _json(body)


def _sighting_of(event: Event, attribute: Attribute, sighting: Sighting) -> Row:
    return {
        **rows.sighting_row(event, attribute, sighting),
        "Organisation": rows.name_of(sighting.organisation),
        "attribute_uuid": attribute.uuid,
    }


def attribute_removed(event: Event, attribute: Attribute) -> Frame:
    """A hard delete: the row, and nothing around it."""
    body = {"Attribute": rows.attribute_row(event, attribute), "action": "delete"}
    return "misp_json_attribute", _json(body)


def misp_object(event: Event, item: MispObject, action: str) -> Frame:
    return "misp_json_object", _json({"Object": rows.object_row(event, item), "action": action})


def reference(event: Event, reference: Reference, action: str) -> Frame:
    row = {**rows.reference_row(event, reference), "deleted": action == "soft-delete"}
    body = {"ObjectReference": row, "action": action}
    return "misp_json_object_reference", _json(body)


def sighting(event: Event, attribute: Attribute, sighting: Sighting, action: str) -> Frame:
    row = rows.sighting_row(event, attribute, sighting)
    row["Event"] = {
        "id": str(event.id),
        "uuid": event.uuid,
        "orgc_id": str(event.creator.id),
        "org_id": str(event.owner.id),
        "info": event.info,
        "Orgc": {"name": event.creator.name},
    }
    row["Attribute"] = {
        "id": str(attribute.id),
        "uuid": attribute.uuid,
        "type": attribute.type,
        "category": attribute.category,
        "to_ids": attribute.to_ids,
        "value": attribute.value,
    }
    return "misp_json_sighting", _json({"Sighting": row, "action": action})


def tag(tag: Tag, action: str, **context: object) -> Frame:
    """A tag; `context` is where it was attached or detached."""
    return "misp_json_tag", _json({"Tag": {**rows.tag_row(tag), **context}, "action": action})


def tag_on_event(tag_: Tag, event: Event) -> Frame:
    return tag(tag_, "attached to event", event_id=str(event.id), local=False)


def tag_off_event(tag_: Tag, event: Event) -> Frame:
    return tag(tag_, "detached from event", event_id=str(event.id))


def tag_and_attribute(tag_: Tag, event: Event, attribute: Attribute, action: str) -> Frame:
    """`action` is `attached to` or `detached from`."""
    ids = {"attribute_id": str(attribute.id), "event_id": str(event.id)}
    return tag(tag_, f"{action} attribute", **ids)


def user(user: User, action: str) -> Frame:
    body = {
        "User": rows.user_row(user),
        "Organisation": rows.organisation_row(user.organisation),
        "action": action,
    }
    return "misp_json_user", _json(body)


def organisation(organisation: Organisation, when: datetime) -> Frame:
    """An organisation was saved: what the form held, so numbers and booleans are text."""
    stamp = f"{when:%Y-%m-%d %H:%M:%S}"
    row = {
        "name": organisation.name,
        "uuid": organisation.uuid,
        "description": "",
        "nationality": organisation.nationality,
        "sector": organisation.sector,
        "type": "ADMIN",
        "contacts": "",
        "local": str(int(organisation.local)),
        "restricted_to_domain": "[]",
        "created_by": "1",
        "date_created": stamp,
        "date_modified": stamp,
        "id": str(organisation.id),
    }
    return "misp_json_organisation", _json({"Organisation": row})


def thread(event: Event, user: User, when: datetime) -> Frame:
    stamp = f"{when:%Y/%m/%d %H:%M:%S}"
    row = {
        "date_created": stamp,
        "date_modified": stamp,
        "user_id": str(user.id),
        "event_id": str(event.id),
        "title": f"Discussion about Event #{event.id} ({event.info})",
        "distribution": str(event.distribution),
        "sharing_group_id": rows.group_id(event),
        "post_count": 1,
        "org_id": str(user.organisation.id),
        "org_name": user.organisation.name,
        "user_email": user.email,
    }
    return "misp_json_conversation", _json({"Thread": row})


def post(thread_id: int, contents: str, user: User, when: datetime) -> Frame:
    stamp = f"{when:%Y/%m/%d %H:%M:%S}"
    row = {
        "date_created": stamp,
        "date_modified": stamp,
        "user_id": str(user.id),
        "contents": contents,
        "post_id": 0,
        "thread_id": str(thread_id),
        "user_email": user.email,
        "org_id": str(user.organisation.id),
        "org_name": user.organisation.name,
    }
    return "misp_json_conversation", _json({"Post": row})


def warninglist(number: int, name: str, version: int, action: str) -> Frame:
    row = {
        "id": str(number),
        "name": name,
        "type": "string",
        "description": f"{name}: an attribute on this list is probably harmless",
        "version": str(version),
        "enabled": True,
        "default": True,
        "category": "false_positive",
    }
    return "misp_json_warninglist", _json({"Warninglist": row, "action": action})


def workflow(payload: object) -> Frame:
    return "misp_json_workflow", _json(payload)


def keep_alive(status: str, uptime: int) -> Frame:
    return "misp_json_self", json.dumps({"status": status, "uptime": uptime}).encode()
