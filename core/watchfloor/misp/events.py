"""Events: `misp_json_event`, and `misp_json` with everything that an event holds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watchfloor.errors import UndecodableError
from watchfloor.misp.activities import Activity, EventDeleted, EventPulled, EventShared
from watchfloor.misp.attributes import Shared, add_attribute, add_proposal
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.objects import add_object
from watchfloor.misp.tagged import published, replaced
from watchfloor.misp.tags import attached, facts_of
from watchfloor.misp.values import Scalar, flag, ident, number, text, version
from watchfloor.misp.wire import Empty, OrgRow, Rows, TagLinkRow, WholeEventRow, each


class PublishedMessage(Struct, gc=False):
    """`misp_json`, and the messages without a topic of 2.3: everything is inside of `Event`."""

    Event: WholeEventRow


class EventMessage(Struct, gc=False):
    """`misp_json_event`; when an event was pulled from a server, both are ids."""

    Event: WholeEventRow | str | int
    Orgc: OrgRow | Empty = None
    EventTag: Rows[TagLinkRow] = None
    Server: Scalar = None
    action: (
        Literal["add", "edit", "delete", "add_from_connected_server", "edit_from_connected_server"] | None
    ) = None


class SharedEvent(Part, gc=False):
    """An event that stands."""

    row: WholeEventRow
    links: Rows[TagLinkRow]
    action: Shared

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        return EventShared(
            feed=scene.feed,
            received=scene.received,
            time=scene.at(row.timestamp),
            audience=scene.audience(),
            new=new,
            event=scene.about.event,
            action=self.action,
            tags=attached(row.Tag, self.links),
            all_tags=self.action != "publish" and _tells_tags(row, self.links),
            date=text(row.date),
            threat_level=text(row.threat_level_id),
            analysis=text(row.analysis),
            attribute_count=number(row.attribute_count),
            levels=(scene.level,),
            published=self._published(),
        )

    def _published(self) -> bool | None:
        """A publication tells how it was before."""
        if self.action == "publish":
            return True
        return None if self.row.published is None else flag(self.row.published)


class DeletedEvent(Part, gc=False):
    """An event that was deleted; its time stamp is that of its last change."""

    def activity(self, scene: Scene, new: bool) -> Activity:
        return EventDeleted(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=scene.audience(),
            new=new,
            event=scene.about.event,
        )


class PulledEvent(Part, gc=False):
    """An event that came from a connected server."""

    action: Literal["add", "edit"]
    server_id: str

    def activity(self, scene: Scene, new: bool) -> Activity:
        return EventPulled(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=scene.audience(),
            new=new,
            event=scene.about.event,
            action=self.action,
            server_id=self.server_id,
        )


def read_event(wire: EventMessage, out: Decoded) -> None:
    """An event was added, edited, deleted or pulled."""
    row = wire.Event if isinstance(wire.Event, WholeEventRow) else WholeEventRow(id=wire.Event)
    _tell(out, row, wire.Orgc or None)
    match wire.action:
        case "add_from_connected_server":
            out.parts.append(PulledEvent(None, "add", ident(wire.Server)))
        case "edit_from_connected_server":
            out.parts.append(PulledEvent(None, "edit", ident(wire.Server)))
        case "delete":
            out.parts.append(DeletedEvent(version("event deleted", row.uuid, row.timestamp)))
        case action:
            links = row.EventTag if wire.EventTag is None else wire.EventTag
            if _tells_tags(row, links):
                out.tags, out.retag = facts_of(row.Tag, links), replaced
            stamp = version("event", row.uuid, row.timestamp)
            out.parts.append(SharedEvent(stamp, row, links, action or "add"))


def read_published(wire: PublishedMessage, out: Decoded) -> None:
    """An event was published: everything that it holds, once more."""
    row = wire.Event
    _tell(out, row)
    out.tags, out.retag = facts_of(row.Tag, row.EventTag), published
    out.parts.append(SharedEvent(version("event", row.uuid, row.timestamp), row, row.EventTag, "publish"))
    for attribute in each(row.Attribute):
        add_attribute(out, attribute, "publish", None, ())
    for object_ in each(row.Object):
        add_object(out, object_, "publish")
    for proposal in each(row.ShadowAttribute):
        add_proposal(out, proposal, ())


def _tells_tags(row: WholeEventRow, links: Rows[TagLinkRow]) -> bool:
    """Whether a message tells what the event is tagged with, if only that it is not."""
    return links is not None or row.Tag is not None


def _tell(out: Decoded, row: WholeEventRow, creator: OrgRow | None = None) -> None:
    if not ident(row.id) and not row.uuid:
        raise UndecodableError("`$.Event` has neither an id nor a UUID")
    out.tell_event(row, None, creator)
