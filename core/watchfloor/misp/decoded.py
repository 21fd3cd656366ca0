"""A message once it is read: its parts in order, and what they have in common."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

from msgspec import Struct, field

from watchfloor.misp.activities import Activity
from watchfloor.misp.audience import of_part
from watchfloor.misp.facts import EventFacts
from watchfloor.misp.model import Audience, Level
from watchfloor.misp.names import FeedNames
from watchfloor.misp.told import Told
from watchfloor.misp.values import Scalar, whole

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

    @property
    def level(self) -> Level:
        """How far the event is shared."""
        return self.about.distribution, self.about.sharing_group_id

    def org(self, org_id: str, name: str = "") -> str:
        """The name of an organisation: as the message gives it, else as the feed did before."""
        return name or self.names.orgs.get(org_id) or ""


class Part(Struct, gc=False):
    """One thing that a message tells, and its version if it has one."""

    version: bytes | None

    def activity(self, scene: Scene, new: bool) -> Activity:
        """What it means."""
        raise NotImplementedError


class Decoded(Told, gc=False):
    """A message of a known topic in a known shape: what it tells, in its order."""

    parts: list[Part] = field(default_factory=list)
