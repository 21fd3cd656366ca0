"""The rows that MISP's messages are made of, as far as anything here reads them.

Scalars may come as any scalar (see `values`); PHP writes an empty object as `[]`, and a list with gaps
as an object. Structure is strict: anything else is refused, with its path, by the decoder. Fields
without a default are in every shape of every version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from watchfloor.misp.values import Scalar, text

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = TypeVar("Row", bound=Struct)

Rows = list[Row] | dict[str, Row] | None
Empty = tuple[()] | None


def each(rows: Rows[Row]) -> Iterable[Row]:
    """The rows of a list that may be absent, or an object."""
    return rows.values() if isinstance(rows, dict) else rows or ()


class OrgRow(Struct, gc=False):
    """An organisation: `Org`, `Orgc`, `Organisation`."""

    id: Scalar = None
    uuid: Scalar = None
    name: Scalar = None


class TagRow(Struct, gc=False):
    """A tag; in its own topic with what it was attached to."""

    name: Scalar
    id: Scalar = None
    colour: Scalar = None
    exportable: Scalar = None
    local: Scalar = None
    event_id: Scalar = None
    attribute_id: Scalar = None


class TagLinkRow(Struct, gc=False):
    """What attaches a tag: `EventTag`, `AttributeTag`."""

    local: Scalar = None
    Tag: TagRow | Empty = None


class GroupOrgRow(Struct, gc=False):
    """A member of a sharing group."""

    org_id: Scalar = None
    Organisation: OrgRow | Empty = None


class GroupServerRow(Struct, gc=False):
    """An instance in a sharing group; server 0 is the one that speaks."""

    server_id: Scalar = None
    all_orgs: Scalar = None


class GroupRow(Struct, gc=False):
    """A sharing group; without `SharingGroupOrg` its members are not told."""

    id: Scalar = None
    SharingGroupOrg: Rows[GroupOrgRow] = None
    SharingGroupServer: Rows[GroupServerRow] = None


class ProposalRow(Struct, gc=False):
    """A proposal (`ShadowAttribute`)."""

    type: Scalar
    id: Scalar = None
    uuid: Scalar = None
    category: Scalar = None
    value: Scalar = None
    value1: Scalar = None
    value2: Scalar = None
    timestamp: Scalar = None
    org_id: Scalar = None
    deleted: Scalar = None
    Org: OrgRow | Empty = None


class EventRow(Struct, gc=False):
    """An event as others refer to it."""

    id: Scalar = None
    uuid: Scalar = None
    info: Scalar = None
    org_id: Scalar = None
    orgc_id: Scalar = None
    distribution: Scalar = None
    sharing_group_id: Scalar = None
    published: Scalar = None
    Org: OrgRow | Empty = None
    Orgc: OrgRow | Empty = None
    SharingGroup: GroupRow | Empty = None


class AttributeRow(Struct, gc=False):
    """An attribute as others refer to it."""

    type: Scalar
    id: Scalar = None
    uuid: Scalar = None
    event_id: Scalar = None
    object_id: Scalar = None
    category: Scalar = None
    value: Scalar = None
    value1: Scalar = None
    value2: Scalar = None
    distribution: Scalar = None
    sharing_group_id: Scalar = None
    SharingGroup: GroupRow | Empty = None


class SightingRow(Struct, gc=False):
    """A sighting, on its own or inside its attribute."""

    id: Scalar = None
    uuid: Scalar = None
    attribute_id: Scalar = None
    attribute_uuid: Scalar = None
    event_id: Scalar = None
    org_id: Scalar = None
    date_sighting: Scalar = None
    source: Scalar = None
    type: Scalar = None
    Organisation: OrgRow | Empty = None
    Event: EventRow | Empty = None
    Attribute: AttributeRow | Empty = None


class WholeAttributeRow(AttributeRow, gc=False):
    """An attribute with what it holds."""

    object_relation: Scalar = None
    to_ids: Scalar = None
    timestamp: Scalar = None
    comment: Scalar = None
    deleted: Scalar = None
    Tag: Rows[TagRow] = None
    AttributeTag: Rows[TagLinkRow] = None
    Sighting: Rows[SightingRow] = None
    ShadowAttribute: Rows[ProposalRow] = None


class ObjectRow(Struct, gc=False):
    """An object; `Attribute` is there in `misp_json`, and was in the object messages of 2.4."""

    name: Scalar
    id: Scalar = None
    uuid: Scalar = None
    meta_category: Scalar = field(name="meta-category", default=None)
    event_id: Scalar = None
    timestamp: Scalar = None
    distribution: Scalar = None
    sharing_group_id: Scalar = None
    deleted: Scalar = None
    Attribute: Rows[WholeAttributeRow] = None
    SharingGroup: GroupRow | Empty = None


class ReferenceRow(Struct, gc=False):
    """A reference from an object to an object or attribute."""

    uuid: Scalar
    timestamp: Scalar = None
    event_id: Scalar = None
    source_uuid: Scalar = None
    referenced_uuid: Scalar = None
    relationship_type: Scalar = None
    deleted: Scalar = None


class WholeEventRow(EventRow, gc=False):
    """An event with what it holds."""

    date: Scalar = None
    timestamp: Scalar = None
    threat_level_id: Scalar = None
    analysis: Scalar = None
    attribute_count: Scalar = None
    Tag: Rows[TagRow] = None
    EventTag: Rows[TagLinkRow] = None
    Attribute: Rows[WholeAttributeRow] = None
    Object: Rows[ObjectRow] = None
    ShadowAttribute: Rows[ProposalRow] = None


def value_of(row: AttributeRow | ProposalRow) -> str:
    """The value; older messages hold its two halves only."""
    if row.value is not None:
        return text(row.value)
    second = text(row.value2)
    return f"{text(row.value1)}|{second}" if second else text(row.value1)
