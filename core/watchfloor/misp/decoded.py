"""A message once it is read: its parts in order, and what it tells of names."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from watchfloor.misp.activities import Activity
from watchfloor.misp.audience import UNTOLD, Level, of_part
from watchfloor.misp.facts import EventFacts
from watchfloor.misp.model import EVERYONE, Audience, Event, Message
from watchfloor.misp.values import Scalar, flag, ident, text, whole
from watchfloor.misp.wire import AttributeRow, EventRow, GroupRow, ObjectRow, OrgRow, each

if TYPE_CHECKING:
    from watchfloor.misp.names import FeedNames

_EARLIEST = 631_152_000  # 1990
_DAY = 86_400


@lru_cache(maxsize=16_384)
def moment(second: int, zone: tzinfo) -> datetime:
    """A Unix time on the clock of a zone."""
    return datetime.fromtimestamp(second, zone)


class Scene(Struct, gc=False):
    """What the parts of a message have in common when they become activities.

    `about` is the event that the message is about, with all that this feed has said of it.
    """

    feed: str
    received: datetime
    second: int
    zone: tzinfo
    names: FeedNames
    about: EventFacts

    def at(self, said: Scalar) -> datetime:
        """The time that MISP gave, or that of receipt where it gave nothing credible."""
        second = whole(said)
        if second is None or not _EARLIEST <= second <= self.second + _DAY:
            return self.received
        return moment(second, self.zone)

    def audience(self, *levels: Level) -> Audience:
        """Who may see a part of the event that stands behind these further levels."""
        return of_part(self.about, levels, self.names.groups.get)

    def org(self, org_id: str, name: str = "") -> str:
        """The name of an organisation: as the message gives it, else as the feed did before."""
        return name or self.names.orgs.get(org_id) or ""


class Part(Struct, gc=False):
    """One thing that a message tells, and its version if it has one."""

    version: bytes | None

    def activity(self, scene: Scene, new: bool) -> Activity:
        """What it means."""
        raise NotImplementedError


class Decoded(Struct, gc=False):
    """A message of a known topic in a known shape.

    `event` is what it tells of the event that it is about; `orgs` (id: name) and `groups` (id: members)
    what it tells of those, or needs to know where there is nothing after the colon.
    """

    message: Message
    parts: list[Part] = []
    event: EventFacts | None = None
    orgs: dict[str, str] = {}
    groups: dict[str, Audience | None] = {}
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


def levels_of(out: Decoded, row: AttributeRow, outer: tuple[Level, ...]) -> tuple[Level, ...]:
    """How far an attribute is shared: its own level, behind that of the object which holds it."""
    if not outer and ident(row.object_id):
        outer = (UNTOLD,)
    return (*outer, out.tell_level(row))
