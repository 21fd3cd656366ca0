"""From rows of attributes to packed entries in buckets: the hot loop of every import. No I/O.

Packing processes run this without the rest of Watchfloor: it imports nothing but its like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from watchfloor_hashstore.audience import level_of_part
from watchfloor_hashstore.layout import ENTRY, SHARDS, day_of_second, flags, level_and_type
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.portable.types import is_composite, is_hashed, normaliser

FIELD = "\x1f"  # between the fields of a page of rows
WIDTH = 7  # fields of a row
PART = "\x1d"  # between the parts of a spec

Row: TypeAlias = tuple[str, str, str, str, str, str, str]
"""Attribute id, event id, object id ("0" for none), Unix time, spec, value1, value2; all text."""

Page: TypeAlias = bytes | list[Row]
"""Rows as one text, `FIELD` between the fields of all of them, where no value holds that; or as they are."""

Numbering: TypeAlias = Callable[[str, str], int]
"""The number of a name, by its kind (level, type, category) and itself."""

Buckets: TypeAlias = dict[int, bytes]
"""Packed entries end to end, by the number of their bucket."""


def rows_of(page: Page) -> Iterable[Row]:
    """The rows of a page."""
    if isinstance(page, list):
        return page
    fields = iter(page.decode().split(FIELD))
    return zip(*[fields] * WIDTH, strict=True)


def spec(type_: str, category: str, to_ids: bool, level: tuple[str, str]) -> str:
    """What many attributes have in common; `level` is the distribution and sharing group.

    >>> read_spec(spec("domain", "Network activity", True, ("4", "7")))
    ('domain', 'Network activity', True, '7')
    """
    return PART.join((type_, category, "1" if to_ids else "0", *level))


def read_spec(text: str) -> tuple[str, str, bool, str]:
    """Type, category, to_ids and level of a spec."""
    # From the right: what decides on the audience is numbers, whatever a type or category holds.
    names, to_ids, distribution, group = text.rsplit(PART, 3)
    type_, _, category = names.partition(PART)
    return type_, category, to_ids == "1", level_of_part(distribution, group)


class Plan(NamedTuple):
    """A spec, worked out. `single`: one hash, unless MISP would write the value in another way (`normal`)."""

    type: str
    single: bool
    normal: Callable[[str], str] | None
    both: int
    category: int
    flags: int


class Packer:
    """Packs rows for a store with so many bits; `traffic` is the TLP of those attributes that have one."""

    def __init__(self, bits: int, traffic: Mapping[str, str], numbering: Numbering) -> None:
        self._bits = bits
        self._numbering = numbering
        self._traffic = traffic
        self._plans: dict[str, Plan] = {}
        self._buckets: dict[int, bytes] = {}
        self.waiting = 0  # entries that were not flushed yet

    def _plan(self, text: str) -> Plan:
        """What to do with attributes of this spec."""
        type_, category, to_ids, level = read_spec(text)
        plan = self._plans[text] = Plan(
            type_,
            not is_composite(type_) and is_hashed(type_),
            normaliser(type_),
            level_and_type(self._numbering("level", level), self._numbering("type", type_)),
            self._numbering("category", category),
            flags("", to_ids=to_ids),
        )
        return plan

    def take(self, rows: Iterable[Row]) -> None:
        """Pack the rows."""
        plans, sha256, pack, number = self._plans, hashlib.sha256, ENTRY.pack, int.from_bytes
        buckets, shift, traffic, count = self._buckets, 32 - self._bits, self._traffic, 0
        for id_, event, holder, stamp, text, value1, value2 in rows:
            plan = plans.get(text) or self._plan(text)
            _, single, normal, both, category, marks = plan
            if not single or id_ in traffic or (normal is not None and normal(value1) != value1):
                self._slowly(plan, (id_, event, holder, stamp, text, value1, value2))
                continue
            value = value1.strip()
            if not value:
                continue
            digest = sha256(value.lower().encode("utf-8", "surrogatepass")).digest()
            # As in `day_of_second` and `layout.pack`, which would take as long as all the rest.
            day = int(stamp) // 86_400 - 10_957
            entry = pack(
                digest[4:12], int(id_), int(event), int(holder), both, category, marks,
                day if 0 <= day <= 0xFFFF else 0,
            )  # fmt: skip
            bucket = number(digest[:4], "big") >> shift
            buckets[bucket] = buckets[bucket] + entry if bucket in buckets else entry
            count += 1
        self.waiting += count

    def _slowly(self, plan: Plan, row: Row) -> None:
        """A value with halves, with a form of its own, or with a traffic light."""
        id_, event, holder, stamp, _, value1, value2 = row
        marks = plan.flags | flags(self._traffic.get(id_, ""), to_ids=False)
        rest = int(id_), int(event), int(holder), plan.both, plan.category, marks, day_of_second(int(stamp))
        for digest in digests(plan.type, value1, value2):
            entry = ENTRY.pack(digest[4:12], *rest)
            bucket = int.from_bytes(digest[:4], "big") >> (32 - self._bits)
            self._buckets[bucket] = self._buckets.get(bucket, b"") + entry
            self.waiting += 1

    def flush(self) -> list[Buckets]:
        """The buckets that were packed since, by shard."""
        shards: list[Buckets] = [{} for _ in range(SHARDS)]
        for bucket, entries in self._buckets.items():
            shards[bucket % SHARDS][bucket] = entries
        self._buckets, self.waiting = {}, 0
        return shards
