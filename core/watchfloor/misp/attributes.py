"""Attributes, with the sightings and proposals that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from watchfloor.misp.activities import Activity, AttributeDeleted, AttributeShared, ProposalMade
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.sightings import add_sighting
from watchfloor.misp.tags import attached
from watchfloor.misp.told import levels_of
from watchfloor.misp.values import flag, ident, text, version
from watchfloor.misp.wire import Empty, EventRow, ObjectRow, ProposalRow, WholeAttributeRow, each, value_of

if TYPE_CHECKING:
    from watchfloor.misp.model import Level

Shared = Literal["add", "edit", "publish"]


class AttributeMessage(Struct, gc=False):
    """`misp_json_attribute`; before 2.4.82 without `action` and `Event`."""

    Attribute: WholeAttributeRow
    Event: EventRow | Empty = None
    Object: ObjectRow | Empty = None
    action: Literal["add", "edit", "soft-delete", "delete"] | None = None


class SharedAttribute(Part, gc=False):
    """An attribute that stands; `holder` is the object that holds it."""

    row: WholeAttributeRow
    levels: tuple[Level, ...]
    action: Shared
    holder: ObjectRow | None
    published: bool | None

    def activity(self, scene: Scene, new: bool) -> Activity:
        row, holder = self.row, self.holder
        return AttributeShared(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.timestamp),
            audience=scene.audience(*self.levels),
            new=new,
            event=scene.about.event,
            action=self.action,
            id=ident(row.id),
            uuid=text(row.uuid),
            type=text(row.type),
            category=text(row.category),
            value=value_of(row),
            to_ids=flag(row.to_ids),
            comment=text(row.comment),
            tags=attached(row.Tag, row.AttributeTag),
            object="" if holder is None else text(holder.name),
            object_id=ident(row.object_id),
            relation=text(row.object_relation),
            distribution=self.levels[-1][0],
            sharing_group_id=self.levels[-1][1] or "0",
            levels=(scene.level, *self.levels),
            published=True if self.action == "publish" else self.published,
        )


class DeletedAttribute(Part, gc=False):
    """An attribute that was deleted. The time stamp of one whose row is gone is that of its last change."""

    row: WholeAttributeRow
    levels: tuple[Level, ...]
    hard: bool
    published: bool | None

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return AttributeDeleted(
            feed=scene.feed,
            received=scene.received,
            time=scene.received if self.hard else scene.at(row.timestamp),
            audience=scene.audience(*self.levels),
            new=new,
            event=scene.about.event,
            id=ident(row.id),
            uuid=text(row.uuid),
            type=text(row.type),
            category=text(row.category),
            value=value_of(row),
            hard=self.hard,
            levels=(scene.level, *self.levels),
            published=self.published,
        )


class Proposal(Part, gc=False):
    """A proposal to an event or to one of its attributes."""

    row: ProposalRow
    levels: tuple[Level, ...]

    def activity(self, scene: Scene, new: bool) -> Activity:
        row, org = self.row, self.row.Org or None
        org_id = ident(row.org_id) or ("" if org is None else ident(org.id))
        return ProposalMade(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.timestamp),
            audience=scene.audience(*self.levels),
            new=new,
            event=scene.about.event,
            id=ident(row.id),
            uuid=text(row.uuid),
            type=text(row.type),
            category=text(row.category),
            value=value_of(row),
            org=scene.org(org_id, "" if org is None else text(org.name)),
            org_id=org_id,
        )


def read_attribute(wire: AttributeMessage, out: Decoded) -> None:
    """An attribute was added, edited or deleted."""
    row, holder = wire.Attribute, wire.Object or None
    out.tell_event(wire.Event or None, row.event_id)
    outer = () if holder is None else (out.tell_level(holder),)
    event = wire.Event or None
    published = None if event is None or event.published is None else flag(event.published)
    match wire.action:
        case "delete" | "soft-delete":
            add_deleted(out, row, outer, hard=wire.action == "delete", published=published)
        case action:
            add_attribute(out, row, action or "add", holder, outer, published)


def add_attribute(
    out: Decoded,
    row: WholeAttributeRow,
    action: Shared,
    holder: ObjectRow | None,
    outer: tuple[Level, ...],
    published: bool | None = None,
) -> None:
    """An attribute behind the levels `outer`; one that bears the mark of a deletion was deleted."""
    if flag(row.deleted):
        add_deleted(out, row, outer, hard=False, published=published)
        return
    levels = levels_of(out, row, outer)
    out.parts.append(
        SharedAttribute(version("attribute", row.uuid, row.timestamp), row, levels, action, holder, published)
    )
    for sighting in each(row.Sighting):
        add_sighting(out, sighting, row, levels)
    for proposal in each(row.ShadowAttribute):
        add_proposal(out, proposal, levels)


def add_deleted(
    out: Decoded,
    row: WholeAttributeRow,
    outer: tuple[Level, ...],
    *,
    hard: bool,
    published: bool | None = None,
) -> None:
    """An attribute that was deleted, behind the levels `outer`."""
    levels = levels_of(out, row, outer)
    out.parts.append(
        DeletedAttribute(version("attribute deleted", row.uuid, row.timestamp), row, levels, hard, published)
    )


def add_proposal(out: Decoded, row: ProposalRow, outer: tuple[Level, ...]) -> None:
    """A proposal that stands, behind the levels `outer`."""
    if not flag(row.deleted):
        out.tell_org(row.Org or None, row.org_id)
        out.parts.append(Proposal(version("proposal", row.uuid, row.timestamp), row, outer))
