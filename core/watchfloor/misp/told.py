"""What a message tells of its event, of organisations and of sharing groups."""

from __future__ import annotations

from msgspec import Struct

from watchfloor.misp.audience import UNTOLD
from watchfloor.misp.facts import EventFacts
from watchfloor.misp.model import EVERYONE, Audience, Event, Level, Message
from watchfloor.misp.tagged import Retag, Tags
from watchfloor.misp.values import Scalar, flag, ident, text
from watchfloor.misp.wire import AttributeRow, EventRow, GroupRow, ObjectRow, OrgRow, each


class Told(Struct, gc=False):
    """What `Names` can learn from a message, and what it must know for it.

    `event` is the one that the message is about; `orgs` (id: name) and `groups` (id: members) are those
    that it mentions, with "" or None where it tells no more than the id. `retag` says what `tags` are to
    those that the event had; None where the message tells nothing of its event's tags.
    """

    message: Message
    event: EventFacts | None = None
    orgs: dict[str, str] = {}
    groups: dict[str, Audience | None] = {}
    tags: Tags = ()
    retag: Retag | None = None
    thread_id: str = ""
    user_id: str = ""

    def tell_org(self, row: OrgRow | None, org_id: Scalar = None) -> str:
        """An organisation, of which the row may tell the name; its id."""
        if row is None:
            id_, name = ident(org_id), ""
        else:
            id_, name = ident(org_id) or ident(row.id), text(row.name)
        if id_ and (name or id_ not in self.orgs):
            self.orgs[id_] = name
        return id_

    def tell_level(self, row: EventRow | ObjectRow | AttributeRow) -> Level:
        """How far something is shared."""
        level = text(row.distribution), ident(row.sharing_group_id)
        if level[0] == "4":
            self.groups.setdefault(level[1], None)
        if row.SharingGroup and row.SharingGroup.SharingGroupOrg is not None:
            self._tell_group(row.SharingGroup)
        return level

    def _tell_group(self, row: GroupRow) -> None:
        members = [self.tell_org(org.Organisation or None, org.org_id) for org in each(row.SharingGroupOrg)]
        everyone = any(
            text(server.server_id) == "0" and flag(server.all_orgs) for server in each(row.SharingGroupServer)
        )
        known = EVERYONE if everyone else Audience(organisations=frozenset(filter(None, members)))
        self.groups[ident(row.id)] = known

    def tell_event(self, row: EventRow | None, event_id: Scalar, creator: OrgRow | None = None) -> None:
        """The event that this is about."""
        if row is None:
            self.event = EventFacts(Event(id=text(event_id)))
            return
        creator = creator or row.Orgc or None
        distribution, group = self.tell_level(row)
        event = Event(
            text(row.id) or text(event_id),
            text(row.uuid),
            text(row.info),
            "" if creator is None else text(creator.name),
            self.tell_org(creator, row.orgc_id),
            self.tell_org(row.Org, row.org_id) if row.Org else ident(row.org_id),
        )
        self.event = EventFacts(event, distribution, group)


def levels_of(told: Told, row: AttributeRow, outer: tuple[Level, ...]) -> tuple[Level, ...]:
    """How far an attribute is shared: its own level, behind that of the object which holds it."""
    if not outer and ident(row.object_id):
        outer = (UNTOLD,)
    return (*outer, told.tell_level(row))
