"""The whole of an event as MISP publishes it: everything nested inside `Event`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate.rows import (
    Row,
    event_brief,
    group_id,
    iso,
    name_of,
    object_row,
    proposal_row,
    reference_row,
    sharing_group,
    sighting_row,
    tag_row,
)

if TYPE_CHECKING:
    from watchfloor.simulate.model import Attribute, Event, MispObject, Tag


def whole(event: Event, related: list[Event]) -> Row:
    """The value of `Event` in a `misp_json`; `related` share an indicator with it."""
    row: Row = {
        "id": str(event.id),
        "orgc_id": str(event.creator.id),
        "org_id": str(event.owner.id),
        "date": event.date,
        "threat_level_id": str(event.threat_level),
        "info": event.info,
        "published": event.published,
        "uuid": event.uuid,
        "attribute_count": str(sum(not attribute.deleted for attribute in event.attributes)),
        "analysis": str(event.analysis),
        "timestamp": str(event.timestamp),
        "distribution": str(event.distribution),
        "proposal_email_lock": False,
        "locked": event.locked,
        "publish_timestamp": str(event.publish_timestamp),
        "sharing_group_id": group_id(event),
        "disable_correlation": False,
        "extends_uuid": "",
        "protected": None,
        "event_creator_email": event.author.email,
        "Org": {**name_of(event.owner), "local": event.owner.local},
        "Orgc": {**name_of(event.creator), "local": event.creator.local},
    }
    if event.sharing_group:
        row["SharingGroup"] = sharing_group(event.sharing_group)
    row["Attribute"] = _attributes(event, [a for a in event.attributes if a.object is None])
    row["ShadowAttribute"] = [proposal_row(event, p) for p in event.proposals if p.target is None]
    row["RelatedEvent"] = [_related(other) for other in related]
    row["Galaxy"] = _galaxies(event.tags)
    row["Object"] = [_object(event, item) for item in event.objects if not item.deleted]
    row["EventReport"] = []
    row["CryptographicKey"] = []
    if event.tags:
        row["Tag"] = [_tag(tag) for tag in event.tags]
    return row


def _attributes(event: Event, attributes: list[Attribute]) -> list[Row]:
    return [_attribute(event, attribute) for attribute in attributes if not attribute.deleted]


def _attribute(event: Event, attribute: Attribute) -> Row:
    row: Row = {
        "id": str(attribute.id),
        "type": attribute.type,
        "category": attribute.category,
        "to_ids": attribute.to_ids,
        "uuid": attribute.uuid,
        "event_id": str(event.id),
        "distribution": str(attribute.distribution),
        "timestamp": str(attribute.timestamp),
        "comment": attribute.comment,
        "sharing_group_id": str(attribute.sharing_group),
        "deleted": False,
        "disable_correlation": False,
        "object_id": str(attribute.object.id) if attribute.object else "0",
        "object_relation": attribute.relation,
        "first_seen": iso(attribute.first_seen),
        "last_seen": None,
        "value": attribute.value,
        "Galaxy": [],
        "ShadowAttribute": [proposal_row(event, p) for p in event.proposals if p.target is attribute],
    }
    if attribute.tags:
        row["Tag"] = [_tag(tag) for tag in attribute.tags]
    if attribute.sightings:
        row["Sighting"] = [
            {
                **sighting_row(event, attribute, sighting),
                "attribute_uuid": attribute.uuid,
                "Organisation": name_of(sighting.organisation),
            }
            for sighting in attribute.sightings
        ]
    return row


def _object(event: Event, item: MispObject) -> Row:
    return {
        **object_row(event, item),
        "first_seen": iso(item.first_seen),
        "ObjectReference": [reference_row(event, r) for r in event.references if r.source is item],
        "Attribute": _attributes(event, item.attributes),
    }


def _tag(tag: Tag) -> Row:
    row = tag_row(tag)
    del row["org_id"]
    return {**row, "local": False, "relationship_type": None}


def _related(event: Event) -> Row:
    row = event_brief(event)
    row["timestamp"] = str(event.timestamp)
    row["Org"] = name_of(event.owner)
    return {"Event": row}


def _galaxies(tags: list[Tag]) -> list[Row]:
    """One galaxy for each cluster tag; MISP would put clusters of the same galaxy together."""
    return [_galaxy(tag) for tag in tags if tag.galaxy]


def _galaxy(tag: Tag) -> Row:
    kind, _, cluster = tag.name.removeprefix("misp-galaxy:").partition("=")
    return {
        "id": str(tag.id + 100),
        "name": kind.replace("-", " ").title(),
        "type": kind,
        "description": "",
        "version": "3",
        "icon": "user-secret",
        "namespace": "misp",
        "GalaxyCluster": [
            {
                "id": str(tag.id + 500),
                "type": kind,
                "value": cluster.strip('"'),
                "tag_name": tag.name,
                "description": "",
                "galaxy_id": str(tag.id + 100),
                "source": "invented",
                "authors": ["Watchfloor"],
                "version": "1",
                "tag_id": str(tag.id),
                "local": False,
            }
        ],
    }
