"""Rows of MISP's tables as its messages write them.

Numbers are text and tinyint(1) is a boolean, as a MISP with its default database settings does; the
order of the keys is MISP's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from watchfloor.simulate.values import COMPOSITES

if TYPE_CHECKING:
    from watchfloor.simulate.model import (
        Attribute,
        Event,
        MispObject,
        Organisation,
        Proposal,
        Reference,
        SharingGroup,
        Sighting,
        Tag,
        User,
    )

Row = dict[str, object]


def iso(moment: int | None) -> str | None:
    """Unix seconds as MISP shows first_seen and last_seen."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")


def name_of(organisation: Organisation) -> Row:
    return {"id": str(organisation.id), "uuid": organisation.uuid, "name": organisation.name}


def event_row(event: Event) -> Row:
    """The row of `events`, as `misp_json_event` has it."""
    return {
        "id": str(event.id),
        "org_id": str(event.owner.id),
        "date": event.date,
        "info": event.info,
        "user_id": str(event.author.id),
        "uuid": event.uuid,
        "published": event.published,
        "analysis": str(event.analysis),
        "attribute_count": str(len(event.attributes)),
        "orgc_id": str(event.creator.id),
        "timestamp": str(event.timestamp),
        "distribution": str(event.distribution),
        "sharing_group_id": group_id(event),
        "proposal_email_lock": False,
        "locked": event.locked,
        "threat_level_id": str(event.threat_level),
        "publish_timestamp": str(event.publish_timestamp),
        "sighting_timestamp": str(event.sighting_timestamp),
        "disable_correlation": False,
        "extends_uuid": "",
        "protected": None,
    }


def event_brief(event: Event) -> Row:
    """What a `misp_json_attribute` says of its event."""
    return {
        "id": str(event.id),
        "date": event.date,
        "info": event.info,
        "uuid": event.uuid,
        "published": event.published,
        "analysis": str(event.analysis),
        "threat_level_id": str(event.threat_level),
        "org_id": str(event.owner.id),
        "orgc_id": str(event.creator.id),
        "distribution": str(event.distribution),
        "sharing_group_id": group_id(event),
        "Orgc": name_of(event.creator),
    }


def group_id(event: Event) -> str:
    return str(event.sharing_group.id) if event.sharing_group else "0"


def attribute_row(event: Event, attribute: Attribute) -> Row:
    """The row of `attributes`, with the joined value."""
    first, _, second = (
        attribute.value.partition("|") if attribute.type in COMPOSITES else (attribute.value, "", "")
    )
    return {
        "id": str(attribute.id),
        "event_id": str(event.id),
        "object_id": str(attribute.object.id) if attribute.object else "0",
        "object_relation": attribute.relation,
        "category": attribute.category,
        "type": attribute.type,
        "value1": first,
        "value2": second,
        "to_ids": attribute.to_ids,
        "uuid": attribute.uuid,
        "timestamp": str(attribute.timestamp),
        "distribution": str(attribute.distribution),
        "sharing_group_id": str(attribute.sharing_group),
        "comment": attribute.comment,
        "deleted": attribute.deleted,
        "disable_correlation": False,
        "first_seen": iso(attribute.first_seen),
        "last_seen": None,
        "value": attribute.value,
    }


def object_row(event: Event, item: MispObject) -> Row:
    """The row of `objects`; its first_seen is in microseconds."""
    return {
        "id": str(item.id),
        "name": item.name,
        "meta-category": item.meta_category,
        "description": item.description,
        "template_uuid": item.template_uuid,
        "template_version": item.template_version,
        "event_id": str(event.id),
        "uuid": item.uuid,
        "timestamp": str(item.timestamp),
        "distribution": "5",
        "sharing_group_id": "0",
        "comment": "",
        "deleted": item.deleted,
        "first_seen": None if item.first_seen is None else f"{item.first_seen}000000",
        "last_seen": None,
    }


def reference_row(event: Event, reference: Reference) -> Row:
    return {
        "id": str(reference.id),
        "uuid": reference.uuid,
        "timestamp": str(reference.timestamp),
        "object_id": str(reference.source.id),
        "event_id": str(event.id),
        "source_uuid": reference.source.uuid,
        "referenced_uuid": reference.target.uuid,
        "referenced_id": str(reference.target.id),
        "referenced_type": "0",
        "relationship_type": reference.relationship,
        "comment": "",
        "deleted": False,
    }


def sighting_row(event: Event, attribute: Attribute, sighting: Sighting) -> Row:
    return {
        "id": str(sighting.id),
        "attribute_id": str(attribute.id),
        "event_id": str(event.id),
        "org_id": str(sighting.organisation.id),
        "date_sighting": str(sighting.date),
        "uuid": sighting.uuid,
        "source": sighting.source,
        "type": str(sighting.kind),
    }


def tag_row(tag: Tag) -> Row:
    return {
        "id": str(tag.id),
        "name": tag.name,
        "colour": tag.colour,
        "exportable": True,
        "org_id": "0",
        "user_id": "0",
        "hide_tag": False,
        "numerical_value": None,
        "is_galaxy": tag.galaxy,
        "is_custom_galaxy": False,
        "local_only": False,
    }


def tag_brief(tag: Tag) -> Row:
    """A tag as an attribute message or an event's EventTag has it."""
    return {"id": str(tag.id), "name": tag.name, "colour": tag.colour, "exportable": True}


def proposal_row(event: Event, proposal: Proposal) -> Row:
    return {
        "id": str(proposal.id),
        "old_id": str(proposal.target.id) if proposal.target else "0",
        "event_id": str(event.id),
        "type": proposal.type,
        "category": proposal.category,
        "to_ids": proposal.to_ids,
        "uuid": proposal.uuid,
        "event_uuid": event.uuid,
        "event_org_id": str(event.owner.id),
        "org_id": str(proposal.organisation.id),
        "comment": "",
        "deleted": False,
        "proposal_to_delete": False,
        "disable_correlation": False,
        "timestamp": str(proposal.timestamp),
        "first_seen": None,
        "last_seen": None,
        "value": proposal.value,
        "Org": name_of(proposal.organisation),
    }


def user_row(user: User) -> Row:
    return {
        "id": str(user.id),
        "email": user.email,
        "last_login": str(user.last_login),
        "org_id": str(user.organisation.id),
        "termsaccepted": True,
        "autoalert": False,
        "newsread": "0",
        "disabled": False,
    }


def organisation_row(organisation: Organisation) -> Row:
    """An organisation as a `misp_json_user` has it."""
    return {
        "id": str(organisation.id),
        "name": organisation.name,
        "description": "",
        "uuid": organisation.uuid,
        "nationality": organisation.nationality,
        "sector": organisation.sector,
        "type": "",
        "local": organisation.local,
    }


def sharing_group(group: SharingGroup) -> Row:
    """A sharing group with its members, as a published event has it."""
    return {
        "id": str(group.id),
        "name": group.name,
        "releasability": "The members",
        "description": "",
        "uuid": group.uuid,
        "organisation_uuid": group.owner.uuid,
        "org_id": str(group.owner.id),
        "sync_user_id": "0",
        "active": True,
        "local": True,
        "roaming": False,
        "Organisation": name_of(group.owner),
        "SharingGroupOrg": [
            {
                "id": str(group.id * 100 + place),
                "sharing_group_id": str(group.id),
                "org_id": str(member.id),
                "extend": member is group.owner,
                "Organisation": name_of(member),
            }
            for place, member in enumerate(group.members)
        ],
        "SharingGroupServer": [],
    }
