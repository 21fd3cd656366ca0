"""Changes to what is in the store, from the live feed, an update or a file: doing one twice changes nothing.

The last change of each thing counts, and all of an event, in their order. One that was received before the
store's snapshot was taken is in it already and is passed over, but for what is gone for good.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct

from watchfloor_hashstore.audience import NOBODY
from watchfloor_hashstore.layout import ENTRY, TLP, EventRecord, flags, level_and_type, suffix
from watchfloor_hashstore.narrowing import narrow
from watchfloor_hashstore.scripts import GONE, LIGHT, NEW, NO_EVENT, SOME, WHOLE
from watchfloor_hashstore.store import Store
from watchfloor_hashstore.traffic import DOUBT

NEVER_TOO_OLD = float(2**62)
"""When something was received that stands whenever a snapshot was taken."""

_SKEW = 5.0  # seconds by which two clocks may differ


class _Change(Struct, frozen=True, gc=False, array_like=True, tag_field="what"):
    """Something that a later change about the same thing takes the place of."""


class AttributeIs(_Change, frozen=True, tag="attribute"):
    """An attribute that stands. `hashes` are its values' (32 bytes each), `level` its own.

    `edited` when it may have had other values before. `received` is in Unix seconds.
    """

    about: ClassVar[str] = "attribute"
    id: int
    event: int
    hashes: list[bytes]
    level: str
    type: str
    category: str
    received: float
    to_ids: bool = False
    tlp: str = ""
    day: int = 0
    object: int = 0
    edited: bool = False


class AttributeGone(_Change, frozen=True, tag="no attribute"):
    """An attribute that was deleted; `NEVER_TOO_OLD` when it cannot come back."""

    about: ClassVar[str] = "attribute"
    id: int
    received: float


class AttributeLit(_Change, frozen=True, tag="light"):
    """A traffic light that was attached to an attribute; with `doubt` one was detached: it may have none."""

    about: ClassVar[str] = "light"
    id: int
    tlp: str
    received: float
    doubt: bool = False

    @property
    def light(self) -> int:
        """As the store is told."""
        return TLP.index(self.tlp) + (DOUBT if self.doubt else 0)


class ObjectIs(_Change, frozen=True, tag="object"):
    """How far an object is shared."""

    about: ClassVar[str] = "object"
    id: int
    level: str
    received: float


class EventIs(_Change, frozen=True, tag="event"):
    """An event that stands; `partly` when only what an attribute tells of it is known.

    With `some` neither a `day` of 0 says anything nor a `tlp`, but that there is none less strict.
    """

    id: int
    uuid: str
    owner: int
    level: str
    received: float
    day: int = 0
    tlp: str = ""
    partly: bool = False
    some: bool = False

    @property
    def about(self) -> str:
        """What it takes the place of."""
        return "partly" if self.partly else "event"

    def change(self) -> tuple[bytes, int, bytes]:
        """As the store is told."""
        how = NEW if self.partly else SOME if self.some else WHOLE
        record = EventRecord(self.uuid, self.id, self.owner, self.level, self.day, self.tlp)
        return how, self.id, record.packed()


class EventLit(_Change, frozen=True, tag="event light"):
    """A traffic light that was attached to an event."""

    about: ClassVar[str] = "event light"
    id: int
    tlp: str
    received: float

    def change(self) -> tuple[bytes, int, bytes]:
        """As the store is told."""
        return LIGHT, self.id, EventRecord("", self.id, 0, NOBODY, tlp=self.tlp).packed()


class EventGone(_Change, frozen=True, tag="no event"):
    """An event that was deleted, and all in it."""

    about: ClassVar[str] = "event"
    received: ClassVar[float] = NEVER_TOO_OLD
    id: int

    def change(self) -> tuple[bytes, int, bytes]:
        """As the store is told."""
        return GONE, self.id, NO_EVENT


class GroupIs(_Change, frozen=True, tag="group"):
    """Who is in a sharing group, as `audience.written` writes it."""

    about: ClassVar[str] = "group"
    id: str
    members: str
    received: float


Change: TypeAlias = (
    AttributeIs | AttributeGone | AttributeLit | ObjectIs | EventIs | EventLit | EventGone | GroupIs
)


_Spec: TypeAlias = tuple[str, str, str, str, bool]
"""What many attributes have in common: level, type, category, TLP, to_ids."""


def apply(store: Store, changes: Sequence[Change], since: float = 0.0) -> None:
    """Bring changes into a generation whose snapshot was taken at `since`.

    What narrows an audience comes first, and what opens one last; an attribute's new hashes are there before
    the old ones go.
    """
    least, by = since - _SKEW, defaultdict[str, list[Any]](list)
    for change in changes:
        if change.received >= least:
            by[change.about].append(change)
    groups = {change.id: change.members for change in by["group"]}
    objects = {change.id: change.level for change in by["object"]}
    events = [change.change() for change in by["event"]]
    narrow(store, groups, {id_: record for _, id_, record in events}, objects)
    _attributes(store, by["attribute"])
    store.attach_lights({change.id: change.light for change in by["light"]})
    if groups:
        store.set_groups(groups)
    partly, lights = ([change.change() for change in by[about]] for about in ("partly", "event light"))
    # What attributes tell of an event goes before its deletion, which must stand.
    store.change_events([*partly, *events, *lights])
    store.set_objects(objects)


def _attributes(store: Store, changes: Sequence[AttributeIs | AttributeGone]) -> None:
    standing = [change for change in changes if isinstance(change, AttributeIs)]
    _put(store, standing)
    edited = {change.id: b"".join(map(suffix, change.hashes)) for change in standing if change.edited}
    gone = {change.id: b"" for change in changes if isinstance(change, AttributeGone)}
    store.set_changed({**edited, **gone})


def _put(store: Store, attributes: Sequence[AttributeIs]) -> None:
    specs = [(c.level, c.type, c.category, c.tlp, c.to_ids) for c in attributes]
    plans = _plans(store, set(specs))
    puts = []
    for change, spec in zip(attributes, specs, strict=True):
        both, category, marks = plans[spec]
        rest = change.id, change.event, change.object, both, category, marks, change.day
        puts += [(digest, ENTRY.pack(digest[4:12], *rest)) for digest in change.hashes]
    store.put(puts)


def _plans(store: Store, specs: Iterable[_Spec]) -> dict[_Spec, tuple[int, int, int]]:
    """Each spec as entries hold it: level and type, category, flags."""
    levels = store.numbers("level", (level for level, *_ in specs))
    types = store.small_numbers("type", (type_ for _, type_, *_ in specs))
    categories = store.small_numbers("category", (category for _, _, category, *_ in specs))
    return {
        spec: (
            level_and_type(levels[spec[0]], types[spec[1]]),
            categories[spec[2]],
            flags(spec[3], to_ids=spec[4]),
        )
        for spec in specs
    }
