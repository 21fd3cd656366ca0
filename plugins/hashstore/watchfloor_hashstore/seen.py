"""What an import or update saw of MISP's database, by which the next update knows what is new to it."""

from __future__ import annotations

import zlib

import msgspec
from msgspec import Struct, field

from watchfloor_hashstore.keys import SEEN
from watchfloor_hashstore.store import Store


class Seen(Struct, array_like=True):
    """`clock` is the time of the database's host, in Unix seconds, and `highest` the last attribute's id.

    `events` has the time stamp of each event, and `traffic` the TLP of those attributes that have one.
    """

    clock: int = 0
    highest: int = 0
    events: dict[int, int] = field(default_factory=dict)
    traffic: dict[str, str] = field(default_factory=dict)

    def edited(self, before: Seen) -> dict[int, int]:
        """The events whose stamp is another than before, each with what it was (0 if it was not there).

        What was edited in them since bears that stamp or a later one, whatever the clocks say: a MISP stamps
        the event with each attribute, and what it pulls from another keeps the stamps of that one.
        """
        old = before.events
        return {id_: old.get(id_, 0) for id_, stamp in self.events.items() if old.get(id_) != stamp}

    def relit(self, before: Seen) -> set[str]:
        """The attributes whose TLP is another than before: tags have no time stamps."""
        old, new = before.traffic, self.traffic
        return {id_ for id_ in old.keys() | new.keys() if old.get(id_) != new.get(id_)}


def remember(store: Store, seen: Seen) -> None:
    """Keep it with the generation: some 5 bytes an event."""
    store.set_text(SEEN(generation=store.generation), zlib.compress(msgspec.msgpack.encode(seen), 1))


def recall(store: Store) -> Seen:
    """What was seen last; nothing of a generation that remembers nothing, all of which is then new."""
    kept = store.redis.get(SEEN(generation=store.generation))
    return msgspec.msgpack.decode(zlib.decompress(kept), type=Seen) if kept else Seen()
