"""From rows of attributes to packed entries in buckets: the hot loop of every import. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from watchfloor_hashstore.audience import NOBODY, level_of_part
from watchfloor_hashstore.layout import ENTRY, SHARDS, day_of_second, flags, level_and_type, place
from watchfloor_hashstore.portable.hashing import digests
from watchfloor_hashstore.portable.types import is_composite, is_hashed, normaliser

FIELD = "\x1f"  # between the fields of a page of rows
WIDTH = 7  # fields of a row
PART = "\x1d"  # between the parts of a spec

Row: TypeAlias = tuple[str, str, str, str, str, str, str]
"""Attribute id, event id, object id ("0" for none), Unix time, spec, value1, value2; all text."""

Numbering: TypeAlias = Callable[[str, str], int]
"""The number of a name, by its kind (level, type, category) and itself."""


def spec(type_: str, category: str, to_ids: bool, level: tuple[str, str], *, orphan: bool = False) -> str:
    """What many attributes have in common, as MISP's database writes it for `Packer`.

    `level` is the distribution and sharing group; `orphan` when the object that should hold it is not there.
    """
    return PART.join((type_, category, "1" if to_ids else "0", *level, "1" if orphan else "0"))


class Plan(NamedTuple):
    """A spec, worked out. `single`: one hash, unless MISP would write the value in another way (`normal`)."""

    type: str
    single: bool
    normal: Callable[[str], str] | None
    both: int
    category: int
    flags: int
    level: str


class Packer:
    """Packs rows for a store with so many bits; `traffic` is the TLP of those attributes that have one."""

    def __init__(self, bits: int, numbering: Numbering, traffic: Mapping[str, str] | None = None) -> None:
        self._bits = bits
        self._numbering = numbering
        self._traffic = traffic or {}
        self._plans: dict[str, Plan] = {}
        self._buckets: dict[int, bytes] = {}
        self.entries = 0

    def plan(self, text: str) -> Plan:
        """What to do with attributes of this spec."""
        plan = self._plans.get(text)
        if plan is None:
            plan = self._plans[text] = self._work_out(text)
        return plan

    def _work_out(self, text: str) -> Plan:
        # From the right: what decides on the audience is numbers, whatever a type or category holds.
        names, to_ids, distribution, group, orphan = text.rsplit(PART, 4)
        type_, _, category = names.partition(PART)
        level = NOBODY if orphan == "1" else level_of_part(distribution, group)
        return Plan(
            type_,
            not is_composite(type_) and is_hashed(type_),
            normaliser(type_),
            level_and_type(self._numbering("level", level), self._numbering("type", type_)),
            self._numbering("category", category),
            flags("", to_ids=to_ids == "1"),
            level,
        )

    def take(self, rows: Iterable[Row]) -> int:
        """Pack the rows; how many there were."""
        plans, sha256, pack, number = self._plans, hashlib.sha256, ENTRY.pack, int.from_bytes
        buckets, shift, traffic, count = self._buckets, 32 - self._bits, self._traffic, 0
        for id_, event, holder, stamp, text, value1, value2 in rows:
            count += 1
            plan = plans.get(text) or self.plan(text)
            normal = plan.normal
            if not plan.single or id_ in traffic or (normal is not None and normal(value1) != value1):
                self._slowly(plan, (id_, event, holder, stamp, text, value1, value2))
                continue
            digest = sha256(value1.strip().lower().encode("utf-8", "surrogatepass")).digest()
            # As in `day_of_second` and `layout.pack`, which would take as long as all the rest.
            day = int(stamp) // 86_400 - 10_957
            entry = pack(
                digest[4:12], int(id_), int(event), int(holder), plan.both, plan.category, plan.flags,
                day if 0 <= day <= 0xFFFF else 0,
            )  # fmt: skip
            bucket = number(digest[:4], "big") >> shift
            buckets[bucket] = buckets[bucket] + entry if bucket in buckets else entry
        return count

    def _slowly(self, plan: Plan, row: Row) -> None:
        """A value with halves, with a form of its own, or with a traffic light."""
        id_, event, holder, stamp, _, value1, value2 = row
        marks = plan.flags | flags(self._traffic.get(id_, ""), to_ids=False)
        rest = int(id_), int(event), int(holder), plan.both, plan.category, marks, day_of_second(int(stamp))
        for digest in digests(plan.type, value1, value2):
            entry = ENTRY.pack(digest[4:12], *rest)
            bucket = int.from_bytes(digest[:4], "big") >> (32 - self._bits)
            self._buckets[bucket] = self._buckets.get(bucket, b"") + entry

    @property
    def size(self) -> int:
        """How many buckets wait to be flushed."""
        return len(self._buckets)

    def flush(self) -> dict[int, dict[bytes, bytes]]:
        """What was packed since, by shard and field, to be appended to the store."""
        width = len(place(bytes(32), self._bits)[1])
        shards: dict[int, dict[bytes, bytes]] = {}
        for bucket, entries in self._buckets.items():
            field = (bucket // SHARDS).to_bytes(width, "little")
            shards.setdefault(bucket % SHARDS, {})[field] = entries
            self.entries += len(entries) // ENTRY.size
        self._buckets = {}
        return shards


def rows_of(page: str, count: int) -> list[Row] | None:
    """The rows of a page; None when a value holds what stands between fields, or the page was cut off."""
    parts = page.split(FIELD) if count else []
    if len(parts) != WIDTH * count:
        return None
    f = iter(parts)
    return list(zip(f, f, f, f, f, f, f, strict=True))
