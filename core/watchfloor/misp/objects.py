"""Objects and the references between them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watchfloor.misp.activities import Activity, ObjectDeleted, ObjectReferenceShared, ObjectShared
from watchfloor.misp.attributes import Shared, add_attribute, add_deleted
from watchfloor.misp.audience import UNTOLD
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.model import Level
from watchfloor.misp.values import flag, ident, text, version
from watchfloor.misp.wire import Empty, EventRow, ObjectRow, ReferenceRow, each


class ObjectMessage(Struct, gc=False):
    """`misp_json_object`; in 2.4 with the event, and with the attributes in the object."""

    Object: ObjectRow
    Event: EventRow | Empty = None
    action: Literal["add", "edit", "soft-delete", "delete"] | None = None


class ReferenceMessage(Struct, gc=False):
    """`misp_json_object_reference`."""

    ObjectReference: ReferenceRow
    action: Literal["add", "edit", "soft-delete", "delete"] | None = None


class SharedObject(Part, gc=False):
    """An object that stands."""

    row: ObjectRow
    level: Level
    action: Shared

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return ObjectShared(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.timestamp),
            audience=scene.audience(self.level),
            new=new,
            event=scene.about.event,
            action=self.action,
            id=ident(row.id),
            uuid=text(row.uuid),
            name=text(row.name),
            meta_category=text(row.meta_category),
            levels=(scene.level, self.level),
        )


class DeletedObject(Part, gc=False):
    """An object that was deleted. The time stamp of one whose row is gone is that of its last change."""

    row: ObjectRow
    level: Level
    hard: bool

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return ObjectDeleted(
            feed=scene.feed,
            received=scene.received,
            time=scene.received if self.hard else scene.at(row.timestamp),
            audience=scene.audience(self.level),
            new=new,
            event=scene.about.event,
            id=ident(row.id),
            uuid=text(row.uuid),
            name=text(row.name),
            hard=self.hard,
        )


class Reference(Part, gc=False):
    """A reference. How far its object is shared is not in the message."""

    row: ReferenceRow
    action: Literal["add", "edit", "delete"]

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return ObjectReferenceShared(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.timestamp),
            audience=scene.audience(UNTOLD),
            new=new,
            event=scene.about.event,
            action=self.action,
            uuid=text(row.uuid),
            source_uuid=text(row.source_uuid),
            referenced_uuid=text(row.referenced_uuid),
            relationship=text(row.relationship_type),
        )


def read_object(wire: ObjectMessage, out: Decoded) -> None:
    """An object was added, edited or deleted."""
    out.tell_event(wire.Event or None, wire.Object.event_id)
    match wire.action:
        case "delete" | "soft-delete":
            _add_deleted(out, wire.Object, hard=wire.action == "delete")
        case action:
            add_object(out, wire.Object, action or "add")


def add_object(out: Decoded, row: ObjectRow, action: Shared) -> None:
    """An object with its attributes; one that bears the mark of a deletion was deleted."""
    if flag(row.deleted):
        _add_deleted(out, row, hard=False)
        return
    level = out.tell_level(row)
    out.parts.append(SharedObject(version("object", row.uuid, row.timestamp), row, level, action))
    for attribute in each(row.Attribute):
        add_attribute(out, attribute, action, row, (level,))


def _add_deleted(out: Decoded, row: ObjectRow, *, hard: bool) -> None:
    level = out.tell_level(row)
    out.parts.append(DeletedObject(version("object deleted", row.uuid, row.timestamp), row, level, hard))
    for attribute in each(row.Attribute):
        add_deleted(out, attribute, (level,), hard=hard)


def read_reference(wire: ReferenceMessage, out: Decoded) -> None:
    """A reference was added, edited or deleted."""
    row = wire.ObjectReference
    deleted = wire.action in ("delete", "soft-delete") or flag(row.deleted)
    stamp = version("reference deleted" if deleted else "reference", row.uuid, row.timestamp)
    out.tell_event(None, row.event_id)
    out.parts.append(
        Reference(stamp, row, "delete" if deleted else "edit" if wire.action == "edit" else "add")
    )
