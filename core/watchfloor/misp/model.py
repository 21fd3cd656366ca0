"""What activities are made of: messages, events, tags, and who may see something."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Message(Struct, frozen=True, gc=False):
    """One frame of a feed.

    `id` is its place in the feed's stream (`<milliseconds>-<sequence>`), `received` the time of
    receipt in Unix seconds, `body` the JSON as received (what must not be stored is removed).
    """

    feed: str
    topic: str
    body: bytes
    received: float
    id: str = "0-0"


class Audience(Struct, frozen=True, gc=False):
    """Who may see something: everyone on the instance, or the organisations with these local ids.

    Site admins see everything and are not named. An empty set means nobody else.
    """

    everyone: bool = False
    organisations: frozenset[str] = frozenset()

    def __and__(self, other: Audience) -> Audience:
        if self.everyone:
            return other
        if other.everyone:
            return self
        return Audience(organisations=self.organisations & other.organisations)

    def __or__(self, other: Audience) -> Audience:
        if self.everyone or other.everyone:
            return EVERYONE
        return Audience(organisations=self.organisations | other.organisations)


EVERYONE = Audience(everyone=True)
NOBODY = Audience()

Level: TypeAlias = tuple[str, str]
"""A distribution, and the sharing group that it names when it is "4"; "" where it was not told."""


class Tag(Struct, frozen=True, gc=False):
    """A tag as attached; `colour` is `#rrggbb`; galaxy clusters are tags `misp-galaxy:...`."""

    id: str
    name: str
    colour: str
    local: bool = False


class Event(Struct, frozen=True, gc=False):
    """The event that something belongs to, as far as this feed has told.

    `org` is the name of the organisation that created it (Orgc), `owner_id` the local id of the one
    that owns it on this instance (org_id), `tags` those of the event itself. Only `id` is always known.
    """

    id: str
    uuid: str = ""
    info: str = ""
    org: str = ""
    org_id: str = ""
    owner_id: str = ""
    tags: tuple[Tag, ...] = ()
