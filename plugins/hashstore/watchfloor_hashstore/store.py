"""Writing to the store: entries, events, groups and names of one generation, each command on one key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from watchfloor import Keys
from watchfloor_hashstore import scripts
from watchfloor_hashstore.audience import EVERYONE
from watchfloor_hashstore.keys import (
    CHANGED,
    ENTRIES,
    EVENTS,
    GROUPS,
    MISP_KEYS,
    NAMES,
    OBJECTS,
    ORGANISATIONS,
    SEEN,
    STATE,
)
from watchfloor_hashstore.layout import HEAD, SHARDS, WIDTH, field_width, place
from watchfloor_hashstore.rows import Buckets

_AT_ONCE = 4000  # fields of one command
_UNFINISHED = 86_400  # seconds after which what an interrupted import left is gone
_GRACE = 120  # seconds that a generation which was replaced still answers those who were reading it
_MOST_TYPES = 255


class Store:
    """One generation, for writing; what is written to a `temporary` one vanishes unless it is kept."""

    def __init__(self, redis: Any, generation: str, bits: int, *, temporary: bool = False) -> None:
        self._temporary = temporary
        self.redis = redis
        self.generation = generation
        self.bits = bits
        self._numbers: dict[tuple[str, str], int] = {}
        self._begun: set[int] = set()  # shards that `append` wrote to

    def key(self, shard: int) -> Any:
        """The key of a shard."""
        return ENTRIES(generation=self.generation, shard=shard)

    def numbers(self, kind: str, names: Iterable[str]) -> dict[str, int]:
        """The number of each name of a kind (level, type, category), given once and for all."""
        asked = set(names)
        new = [name for name in asked if (kind, name) not in self._numbers]
        if new:
            key = NAMES(generation=self.generation)
            for name, number in zip(new, self.redis.eval(scripts.NUMBERS, 1, key, kind, *new), strict=True):
                self._numbers[kind, name] = int(number)
            self._perishable(self.redis, key)
        return {name: self._numbers[kind, name] for name in asked}

    def small_numbers(self, kind: str, names: Iterable[str]) -> dict[str, int]:
        """Likewise of types and categories: 0 beyond the first 255, whose name is then unknown."""
        return {n: number if number <= _MOST_TYPES else 0 for n, number in self.numbers(kind, names).items()}

    def number(self, kind: str, name: str) -> int:
        """The number of a name; 0 for a type or category beyond the first 255, whose name is then unknown."""
        number = self.numbers(kind, [name])[name]
        return number if kind == "level" or number <= _MOST_TYPES else 0

    def append(self, shards: Mapping[int, Buckets]) -> None:
        """Add entries, by shard, to a generation in the making: nobody else writes to these shards."""
        width = field_width(self.bits)
        fields = {
            shard: {
                (bucket // SHARDS).to_bytes(width, "little"): entries for bucket, entries in found.items()
            }
            for shard, found in shards.items()
        }
        self._join({shard: found for shard, found in fields.items() if shard in self._begun})
        with self.redis.pipeline(transaction=False) as pipe:
            for shard, found in fields.items():
                # Few large commands: a Redis that keeps its word to the disk waits for it after each.
                for chunk in _chunks(found.items(), 4 * _AT_ONCE):
                    pipe.hset(self.key(shard), items=[part for pair in chunk for part in pair])
            for shard in fields.keys() - self._begun:
                self._perishable(pipe, self.key(shard))
            pipe.execute()
        self._begun.update(fields)

    def _join(self, shards: Mapping[int, dict[bytes, bytes]]) -> None:
        """Put what is in the store already in front."""
        for shard, found in shards.items():
            for chunk in _chunks(found, _AT_ONCE):
                for field, old in zip(chunk, self.redis.hmget(self.key(shard), chunk), strict=True):
                    found[field] = (old or b"") + found[field]

    def put(self, puts: Iterable[tuple[bytes, bytes]]) -> int:
        """Put packed entries where their hashes belong; how many buckets changed."""
        shards: dict[int, list[bytes]] = {}
        named, shift, number = len(place(bytes(32), self.bits)[1]), 32 - self.bits, int.from_bytes
        for digest, packed in puts:
            bucket = number(digest[:4], "big") >> shift  # as in `place`
            field = (bucket // SHARDS).to_bytes(named, "little")
            shards.setdefault(bucket % SHARDS, []).append(field + packed)
        with self.redis.pipeline(transaction=False) as pipe:
            for shard, fields in shards.items():
                pipe.execute_command(
                    "EVAL", scripts.PUT, 1, self.key(shard), named, WIDTH, HEAD, b"".join(fields)
                )
            return sum(pipe.execute())

    def set_events(self, records: Mapping[int, bytes | None]) -> None:
        """Set packed events by id; None takes one away."""
        key = EVENTS(generation=self.generation)
        self._set(key, {field_of(event): record for event, record in records.items()})

    def held(self, family: Keys, ids: Iterable[int] | None = None) -> dict[int, bytes]:
        """What a hash by ids has of these ids; of all where none are named."""
        key = family(generation=self.generation)
        if ids is None:
            return {int.from_bytes(field, "big"): value for field, value in self.redis.hgetall(key).items()}
        found: dict[int, bytes] = {}
        for chunk in _chunks(ids, _AT_ONCE):
            values = self.redis.hmget(key, list(map(field_of, chunk)))
            found |= {id_: value for id_, value in zip(chunk, values, strict=True) if value is not None}
        return found

    def set_objects(self, levels: Mapping[int, str]) -> None:
        """Set how far objects are shared."""
        key = OBJECTS(generation=self.generation)
        self._set(key, {field_of(id_): None if level == EVERYONE else level for id_, level in levels.items()})

    def change_events(self, changes: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Change events in this order: how (as `scripts.EVENTS` has it), the id, and a packed record."""
        key = EVENTS(generation=self.generation)
        for chunk in _chunks((how + field_of(event) + record for how, event, record in changes), _AT_ONCE):
            self.redis.eval(scripts.EVENTS, 1, key, b"".join(chunk))
        self._perishable(self.redis, key)

    def set_changed(self, hashes: Mapping[int, bytes | None]) -> None:
        """Set which hashes attributes have now (8 bytes each, end to end); b"" for deleted ones."""
        key = CHANGED(generation=self.generation)
        self._set(key, {field_of(attribute): suffixes for attribute, suffixes in hashes.items()})

    def attach_lights(self, lights: Mapping[int, int]) -> None:
        """Add what the feed told of the traffic lights of attributes, as `traffic` has it."""
        key = CHANGED(generation=self.generation)
        for chunk in _chunks((field_of(id_) + bytes([light]) for id_, light in lights.items()), _AT_ONCE):
            self.redis.eval(scripts.LIGHTS, 1, key, b"".join(chunk))
        self._perishable(self.redis, key)

    def set_groups(self, members: Mapping[str, str], *, whole: bool = False) -> None:
        """Set the members of sharing groups; those not named go when it is the `whole` of them."""
        key = GROUPS(generation=self.generation)
        before = {field.decode(): value.decode() for field, value in self.redis.hgetall(key).items()}
        gone = dict.fromkeys(before.keys() - members.keys()) if whole else {}
        changes = {group: text for group, text in members.items() if before.get(group) != text}
        self._set(key, {**changes, **gone})
        if changes or gone:
            self.redis.hincrby(STATE(), "groups", 1)

    def set_organisations(self, ids: Mapping[str, str]) -> None:
        """Replace the local ids of organisations by name and by UUID."""
        self._replace(ORGANISATIONS(generation=self.generation), ids)

    def set_keys(self, keys: Mapping[str, bytes]) -> None:
        """Replace MISP's API keys."""
        self._replace(MISP_KEYS(generation=self.generation), keys)

    def set_text(self, key: Any, text: bytes) -> None:
        """Set a key that is no hash."""
        self.redis.set(key, text)
        self._perishable(self.redis, key)

    def _replace(self, key: Any, fields: Mapping[str, Any]) -> None:
        gone = [field for field in self.redis.hkeys(key) if field.decode() not in fields]
        self._set(key, {**fields, **dict.fromkeys(gone)})

    def _set(self, key: Any, fields: Mapping[Any, Any]) -> None:
        for chunk in _chunks(fields.items(), _AT_ONCE):
            kept = {field: value for field, value in chunk if value is not None}
            gone = [field for field, value in chunk if value is None]
            if kept:
                self.redis.hset(key, mapping=kept)
            if gone:
                self.redis.hdel(key, *gone)
        self._perishable(self.redis, key)

    def _perishable(self, redis: Any, key: Any) -> None:
        """What an interrupted import leaves vanishes by itself."""
        if self._temporary:
            redis.expire(key, _UNFINISHED)

    def names(self) -> list[Any]:
        """Every key of the generation."""
        others = (EVENTS, OBJECTS, ORGANISATIONS, CHANGED, SEEN, NAMES, GROUPS, MISP_KEYS)
        return [*map(self.key, range(SHARDS)), *(family(generation=self.generation) for family in others)]

    def keep(self) -> None:
        """Let a temporary one stay."""
        self._temporary = False
        self._each("persist")

    def retire(self) -> None:
        """Let it answer those who are reading it, and then vanish."""
        self._each("expire", _GRACE)

    def drop(self) -> None:
        """Remove it at once."""
        self._each("unlink")

    def _each(self, command: str, *arguments: object) -> None:
        with self.redis.pipeline(transaction=False) as pipe:
            for key in self.names():
                getattr(pipe, command)(key, *arguments)
            pipe.execute()


def field_of(number: int) -> bytes:
    """An event's or attribute's id as a field: 4 bytes."""
    return (number & 0xFFFFFFFF).to_bytes(4, "big")


def _chunks(items: Iterable[Any], size: int) -> Iterable[Sequence[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
