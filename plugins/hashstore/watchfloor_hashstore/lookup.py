"""Asking the store: one algorithm, in steps of Redis commands, for waiting and asynchronous clients.

Every value costs the same commands, of the same length, whether nothing is known of it, or something that
the caller may not see: what a miss has no need for is asked for in vain.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any, TypeAlias, TypeVar

from watchfloor import Keys
from watchfloor_hashstore.audience import EVERYONE, NOBODY, Caller, caller, read
from watchfloor_hashstore.keys import CHANGED, ENTRIES, EVENTS, GROUPS, NAMES, OBJECTS, STATE
from watchfloor_hashstore.layout import TLP, Entry, EventRecord, day_text, find, holds
from watchfloor_hashstore.portable.many import Hashes
from watchfloor_hashstore.shards import by_shard
from watchfloor_hashstore.state import State
from watchfloor_hashstore.store import field_of
from watchfloor_hashstore.traffic import shown
from watchfloor_hashstore.wire import sent

T = TypeVar("T")
Steps: TypeAlias = Generator[list[tuple[Any, ...]], list[Any], T]
"""Yields commands, is sent their replies, and returns a result."""

_NONE = field_of(0)
_BESIDES = (OBJECTS, CHANGED)
_FEW = 100  # hashes, of which each is taken to have as many entries as hardly one has more
_ENTRIES = 8
_KNOWN_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a key stands for: an organisation (None: anyone on the instance), perhaps a site admin."""

    organisation: int | None = None
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """An attribute with the value that was asked for; text is "" where nothing is known."""

    event_uuid: str
    event_id: str
    type: str = ""
    category: str = ""
    to_ids: bool = False
    date: str = ""
    tlp: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """The hits of each value, in the order of the question, how many values have any, and how old that is."""

    hits: list[Sequence[Hit]]
    known: int
    state: State


@dataclass(frozen=True, slots=True)
class Details:
    """What entries refer to: events, the levels of objects that are not open, what changed of attributes."""

    events: Mapping[int, EventRecord]
    objects: Mapping[int, str]
    changed: Mapping[int, bytes]


class Reader:
    """Asks the store, and remembers what seldom changes: names, sharing groups and who is in them."""

    def __init__(self) -> None:
        self._state = State()
        self._raw: Mapping[bytes, bytes] = {}
        self._of: tuple[str, int] = ("", -1)
        self._names: dict[str, dict[int, str]] = {}
        self._groups: tuple[str, int] = ("", -1)
        self._members: dict[str, frozenset[int] | None] = {}
        self._callers: dict[Who, Caller] = {}

    def ask(self, asked: Sequence[tuple[Who, Hashes]]) -> Steps[list[Answers]]:
        """The hits of the values of several callers, asked for together."""
        digests = [digest for _, hashes in asked for digest in hashes.digests]
        state, found, besides, names = yield from self._entries(digests)
        pool = [entry for entries in found.values() for entry in entries]
        details = yield from self._details(state, pool, _missing(found, len(digests)), besides)
        yield from self._know((state.generation, names), pool)
        seen: list[dict[int, list[tuple[int, Hit]]]] = [{} for _ in asked]
        judges = []
        for who, _ in asked:
            judges.append(_Judge((yield from self._caller(state, who)), self._names, details))
        starts = list(accumulate((len(hashes.digests) for _, hashes in asked), initial=0))
        for at, entries in found.items():
            number = bisect_right(starts, at) - 1
            seen[number][at - starts[number]] = judges[number].visible(digests[at], entries)
        return [_answers(hashes, shown, state) for (_, hashes), shown in zip(asked, seen, strict=True)]

    def _entries(
        self, digests: Sequence[bytes]
    ) -> Steps[tuple[State, dict[int, list[Entry]], list[Keys], int]]:
        """The state, what the buckets hold of hashes, by place; what is to be asked besides; how many names.

        The buckets are asked for in the belief that the state is the last one, and again if it is not.
        Whether any object is closed, and whether anything changed, is no secret: where not, nobody asks.
        """
        while True:
            believed = self._state
            fields, order = by_shard(digests, believed.bits)
            raw, *replies = yield [
                ("HGETALL", STATE()),
                *(("HLEN", family(generation=believed.generation)) for family in _BESIDES),
                *(("HMGET", ENTRIES(generation=believed.generation, shard=n), *asked) for n, asked in fields),
                # After the entries, which come after their names.
                ("HLEN", NAMES(generation=believed.generation)),
            ]
            if raw != self._raw:
                self._raw, self._state = raw, State.read(raw)
            if (believed.generation, believed.bits) == (self._state.generation, self._state.bits):
                break
        names = int(replies.pop())
        counts, shards = replies[: len(_BESIDES)], replies[len(_BESIDES) :]
        found: dict[int, list[Entry]] = {}
        for at, held in zip(order, chain.from_iterable(shards), strict=True):
            if held and held.find(digests[at][4:12]) >= 0 and (entries := find(held, digests[at])):
                found[at] = entries
        besides = [family for family, count in zip(_BESIDES, counts, strict=True) if count]
        return self._state, found, besides, names

    def _details(
        self, state: State, pool: Sequence[Entry], missing: int, besides: Sequence[Keys]
    ) -> Steps[Details]:
        """The events and objects of entries, the hashes of attributes that changed; and so often, nothing."""
        if not (pool or missing):
            return Details({}, {}, {})
        padding = [_NONE] * missing
        ids = {
            EVENTS: [entry.event for entry in pool],
            OBJECTS: [entry.object for entry in pool],
            CHANGED: [entry.attribute for entry in pool],
        }
        wanted = [EVENTS, *besides]
        replies = yield [
            ("HMGET", family(generation=state.generation), *map(field_of, ids[family]), *padding)
            for family in wanted
        ]
        told = {
            family: {id_: value for id_, value in zip(ids[family], values, strict=False) if value is not None}
            for family, values in zip(wanted, replies, strict=True)
        }
        return Details(
            {id_: EventRecord.unpacked(record) for id_, record in told[EVENTS].items()},
            {id_: level.decode() for id_, level in told.get(OBJECTS, {}).items()},
            told.get(CHANGED, {}),
        )

    def _caller(self, state: State, who: Who) -> Steps[Caller]:
        """The caller with the groups it is in now."""
        version = state.generation, state.groups
        if version != self._groups:
            (raw,) = yield [("HGETALL", GROUPS(generation=state.generation))]
            self._members = {group.decode(): read(members.decode()) for group, members in raw.items()}
            self._groups, self._callers = version, {}
        if who not in self._callers:
            if len(self._callers) >= _KNOWN_CALLERS:
                self._callers.clear()
            self._callers[who] = caller(who.organisation, self._members, admin=who.admin)
        return self._callers[who]

    def _know(self, version: tuple[str, int], pool: Iterable[Entry]) -> Steps[None]:
        """See that every name is known: numbers never change their meaning, but there may be more of them.

        That they are asked for again must not depend on what was found.
        """
        if self._of == version and all(map(self._named, pool)):
            return
        (raw,) = yield [("HGETALL", NAMES(generation=version[0]))]
        self._of, self._names = version, {"level": {}, "type": {0: ""}, "category": {0: ""}}
        for field, number in raw.items():
            kind, _, name = field.decode().partition(":")
            if kind in self._names:
                self._names[kind][int(number)] = name

    def _named(self, entry: Entry) -> bool:
        names = self._names
        known = entry.level in names["level"] and entry.type in names["type"]
        return known and entry.category in names["category"]


def _missing(found: Mapping[int, Sequence[Entry]], asked: int) -> int:
    """How many entries have to be made up, so that as much is asked for of a hash that has none."""
    usual = _ENTRIES if asked <= _FEW else 1
    return usual * asked - sum(min(len(entries), usual) for entries in found.values())


class _Judge:
    """Decides which entries one caller sees."""

    def __init__(self, asking: Caller, names: Mapping[str, Mapping[int, str]], details: Details) -> None:
        self._asking = asking
        self._names = names
        self._details = details

    def visible(self, digest: bytes, entries: Iterable[Entry]) -> list[tuple[int, Hit]]:
        """The attributes behind entries that the caller sees, with what is told of them."""
        return [(entry.attribute, self._hit(entry)) for entry in entries if self._sees(digest, entry)]

    def _sees(self, digest: bytes, entry: Entry) -> bool:
        event = self._details.events.get(entry.event)
        if event is None or not holds(self._details.changed.get(entry.attribute), digest[4:12]):
            return False
        own = self._names["level"].get(entry.level, NOBODY)
        holder = self._details.objects.get(entry.object, EVERYONE)
        return self._asking.sees(event.owner, event.level, holder, own)

    def _hit(self, entry: Entry) -> Hit:
        event = self._details.events[entry.event]
        tlp = TLP[entry.light] or event.tlp
        if changed := self._details.changed.get(entry.attribute):
            tlp = TLP[shown(entry.light, TLP.index(event.tlp), changed)]
        return Hit(
            event.uuid,
            str(event.id) if event.id else "",
            self._names["type"].get(entry.type, ""),
            self._names["category"].get(entry.category, ""),
            entry.to_ids,
            day_text(entry.day or event.day),
            tlp,
        )


def _answers(hashes: Hashes, seen: Mapping[int, Sequence[tuple[int, Hit]]], state: State) -> Answers:
    """The hits of each value, each attribute once, however many of the value's hashes it has."""
    merged: dict[int, dict[int, Hit]] = {}
    for at in sorted(seen):
        if seen[at]:
            merged.setdefault(hashes.owners[at], {}).update(seen[at])
    hits: list[Sequence[Hit]] = [()] * hashes.values
    for owner, found in merged.items():
        hits[owner] = list(found.values())
    return Answers(hits, len(merged), state)


def nothing() -> None:
    """What is done while Redis works, if there is nothing to do."""


def run(redis: Any, steps: Steps[T], meanwhile: Callable[[], None] = nothing) -> T:
    """Carry out steps with a waiting client; `meanwhile` is called in each, while Redis works if possible."""
    replies: list[Any] | None = None
    while True:
        try:
            commands = steps.send(replies) if replies is not None else next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        replies = sent(redis, commands, meanwhile)
