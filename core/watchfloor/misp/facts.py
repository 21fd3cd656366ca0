"""What a feed has said before: the values that `Names` keeps, in memory and in Redis."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, Encoder

from watchfloor.misp.model import Event

Fact = TypeVar("Fact")

_encode = Encoder(order="deterministic").encode
_LONGEST_ID = 40


class EventFacts(Struct, frozen=True, gc=False):
    """An event, and whom MISP lets see it; "" where nothing was said.

    What is kept has no tags in `event`: they are facts of their own, as other messages tell of them.
    """

    event: Event
    distribution: str = ""
    sharing_group_id: str = ""


class TagFacts(Struct, frozen=True, gc=False, array_like=True):
    """A tag of an event; publications are silent about one that is not `exportable`."""

    name: str
    id: str = ""
    colour: str = ""
    local: bool = False
    exportable: bool = True


class ThreadFacts(Struct, frozen=True, gc=False):
    """A discussion; `event_id` is "0" when it is about no event."""

    event_id: str
    title: str
    org_id: str = ""
    distribution: str = ""
    sharing_group_id: str = ""


class PendingThread(Struct, frozen=True, gc=False):
    """A discussion that was opened at `created`, and whose id its first post will tell."""

    created: str
    thread: ThreadFacts


NO_EVENT = EventFacts(Event(id=""))


class Facts(Generic[Fact]):
    """What is known of one kind of thing, by its id; None for what nothing is known of.

    Two generations bound the memory: what was not asked for since the last `rotate` is forgotten by
    the next one. Redis still has it.
    """

    def __init__(self, kind: str, type_: type[Fact]) -> None:
        self.kind = kind
        self._decoder = Decoder(type_)
        self._young: dict[str, Fact | None] = {}
        self._old: dict[str, Fact | None] = {}
        self._changed: set[str] = set()

    def want(self, id_: str, missing: set[str]) -> None:
        """Keep this one through the batch; add its field to `missing` when it must be fetched."""
        if id_ in self._young or not _is_id(id_):
            return
        if id_ in self._old:
            self._young[id_] = self._old.pop(id_)
        else:
            missing.add(f"{self.kind}:{id_}")

    def get(self, id_: str) -> Fact | None:
        """What is known of it."""
        return self._young.get(id_)

    def learn(self, id_: str, fact: Fact | None) -> None:
        """From now on this holds (None: nothing holds any more)."""
        if self._young.get(id_) != fact and _is_id(id_):
            self._young[id_] = fact
            self._changed.add(id_)

    def load(self, id_: str, stored: bytes | None) -> None:
        """Take what Redis has of it; what cannot be read counts as unknown and is learned anew."""
        try:
            self._young[id_] = self._decoder.decode(stored) if stored else None
        except (DecodeError, UnicodeDecodeError):
            self._young[id_] = None

    def changed(self) -> dict[str, bytes]:
        """Fields and values to store."""
        facts = ((id_, self._young[id_]) for id_ in self._changed)
        return {f"{self.kind}:{id_}": b"" if fact is None else _encode(fact) for id_, fact in facts}

    def rotate(self, limit: int) -> None:
        """The batch is stored: forget marks, and the older generation once the younger is full."""
        self._changed.clear()
        if len(self._young) > limit:
            self._old, self._young = self._young, {}


def _is_id(id_: str) -> bool:
    return 0 < len(id_) <= _LONGEST_ID and id_ != "0"
