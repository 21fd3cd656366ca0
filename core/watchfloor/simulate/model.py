"""What a MISP keeps in its tables, as far as its messages tell: the state of a simulated one.

Ids and time stamps are numbers here; the wire makes text of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Organisation:
    """An organisation; a `local` one has users on this instance."""

    id: int
    uuid: str
    name: str
    domain: str
    nationality: str
    sector: str
    local: bool


@dataclass(slots=True, eq=False)
class User:
    """Somebody with an account."""

    id: int
    email: str
    organisation: Organisation
    last_login: int
    address: str


@dataclass(frozen=True, slots=True, eq=False)
class SharingGroup:
    """A named set of organisations."""

    id: int
    uuid: str
    name: str
    owner: Organisation
    members: tuple[Organisation, ...]


@dataclass(slots=True, eq=False)
class Tag:
    """A tag; `id` is 0 until the instance knows it."""

    name: str
    colour: str
    id: int = 0

    @property
    def galaxy(self) -> bool:
        """Whether it stands for a galaxy cluster."""
        return self.name.startswith("misp-galaxy:")


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """`kind` is 0 seen, 1 false positive, 2 expiration."""

    id: int
    uuid: str
    organisation: Organisation
    date: int
    source: str
    kind: int


@dataclass(slots=True, eq=False)
class MispObject:
    """An object of an event; its attributes are among the event's, too."""

    id: int
    uuid: str
    name: str
    meta_category: str
    description: str
    template_uuid: str
    template_version: str
    timestamp: int
    first_seen: int | None = None
    deleted: bool = False
    attributes: list[Attribute] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Attribute:
    """An attribute; `first_seen` is Unix seconds."""

    id: int
    uuid: str
    type: str
    category: str
    value: str
    to_ids: bool
    timestamp: int
    distribution: int
    sharing_group: int
    comment: str
    relation: str | None
    object: MispObject | None
    first_seen: int | None = None
    deleted: bool = False
    tags: list[Tag] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A reference from an object to an attribute."""

    id: int
    uuid: str
    timestamp: int
    source: MispObject
    target: Attribute
    relationship: str


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A shadow attribute; `target` is what it proposes to change, None for a new attribute."""

    id: int
    uuid: str
    organisation: Organisation
    timestamp: int
    category: str
    type: str
    value: str
    to_ids: bool
    target: Attribute | None


@dataclass(slots=True, eq=False)
class Event:
    """An event: `creator` made it, `owner` owns it here; a pulled one is `locked`."""

    id: int
    uuid: str
    date: str
    info: str
    creator: Organisation
    owner: Organisation
    author: User
    distribution: int
    sharing_group: SharingGroup | None
    threat_level: int
    analysis: int
    timestamp: int
    locked: bool = False
    published: bool = False
    publish_timestamp: int = 0
    sighting_timestamp: int = 0
    tags: list[Tag] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    objects: list[MispObject] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
