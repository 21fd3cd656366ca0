"""Sightings: `misp_json_sighting`, and those that attributes hold."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watchfloor.misp.activities import Activity, SightingDeleted, SightingReported
from watchfloor.misp.audience import of_sighting
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.model import Level
from watchfloor.misp.told import levels_of
from watchfloor.misp.values import ident, text, version
from watchfloor.misp.wire import AttributeRow, SightingRow, value_of

Kind = Literal["sighting", "false-positive", "expiration"]

_KINDS: dict[str, Kind] = {"1": "false-positive", "2": "expiration"}


class SightingMessage(Struct, gc=False):
    """`misp_json_sighting`: before 2.4.82 the bare row, then with the event and the whole attribute in
    it, today with some fields of both."""

    Sighting: SightingRow
    action: Literal["add", "edit", "delete"] | None = None


class ReportedSighting(Part, gc=False):
    """A sighting; `attribute` is what was seen, as far as it is told."""

    row: SightingRow
    attribute: AttributeRow | None
    levels: tuple[Level, ...]
    org_id: str

    def activity(self, scene: Scene, new: bool) -> Activity:
        row, seen = self.row, self.attribute
        return SightingReported(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.date_sighting),
            audience=of_sighting(self.org_id, scene.about, self.levels, scene.names.groups.get),
            new=new,
            event=scene.about.event,
            kind=_KINDS.get(text(row.type), "sighting"),
            uuid=text(row.uuid),
            org=_reporter(row, self.org_id, scene),
            org_id=self.org_id,
            source=text(row.source),
            attribute_id=ident(row.attribute_id) or ("" if seen is None else ident(seen.id)),
            attribute_uuid=_attribute_uuid(row, seen),
            type="" if seen is None else text(seen.type),
            category="" if seen is None else text(seen.category),
            value="" if seen is None else value_of(seen),
        )


class DeletedSighting(Part, gc=False):
    """A sighting that was taken back."""

    row: SightingRow
    attribute: AttributeRow | None
    levels: tuple[Level, ...]
    org_id: str

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return SightingDeleted(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.date_sighting),
            audience=of_sighting(self.org_id, scene.about, self.levels, scene.names.groups.get),
            new=new,
            event=scene.about.event,
            kind=_KINDS.get(text(row.type), "sighting"),
            uuid=text(row.uuid),
            org=_reporter(row, self.org_id, scene),
            org_id=self.org_id,
            attribute_uuid=_attribute_uuid(row, self.attribute),
        )


def read_sighting(wire: SightingMessage, out: Decoded) -> None:
    """A sighting was reported or taken back."""
    row, attribute = wire.Sighting, wire.Sighting.Attribute or None
    event = row.Event or None
    out.tell_event(event, row.event_id or (attribute and attribute.event_id))
    levels: tuple[Level, ...] = ()
    if attribute is not None and attribute.distribution is not None:
        levels = levels_of(out, attribute, ())
    if wire.action == "delete":
        deleted = version("sighting deleted", row.uuid, row.date_sighting)
        out.parts.append(DeletedSighting(deleted, row, attribute, levels, _tell_reporter(out, row)))
    else:
        add_sighting(out, row, attribute, levels)


def add_sighting(
    out: Decoded, row: SightingRow, attribute: AttributeRow | None, levels: tuple[Level, ...]
) -> None:
    """A sighting of an attribute that is shared as far as `levels` say."""
    reported = version("sighting", row.uuid, row.date_sighting)
    out.parts.append(ReportedSighting(reported, row, attribute, levels, _tell_reporter(out, row)))


def _tell_reporter(out: Decoded, row: SightingRow) -> str:
    return out.tell_org(row.Organisation or None, row.org_id)


def _reporter(row: SightingRow, org_id: str, scene: Scene) -> str:
    return scene.org(org_id, text(row.Organisation.name) if row.Organisation else "")


def _attribute_uuid(row: SightingRow, attribute: AttributeRow | None) -> str:
    return text(row.attribute_uuid) or ("" if attribute is None else text(attribute.uuid))
