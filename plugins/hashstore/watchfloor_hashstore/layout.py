"""How the store lies in Redis: entries in buckets, events beside them. Pure packing and unpacking.

A hash belongs to the bucket that its first bits name; buckets are fields of `SHARDS` Redis hashes. A
bucket is its entries end to end, 28 bytes each: 8 bytes of the hash, the attribute, the event, the object,
the attribute's own level with the type, the category, flags and the day. The event's own record says who
owns it and how far it is shared, and so does the object's: one that changes costs one write. With the
bucket's number and 8 more bytes of the hash an entry is identified by 70 bits and more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from struct import Struct

from watchfloor_hashstore.audience import EVERYONE, NOBODY

SHARDS = 64
DIGEST = 32  # bytes of a hash
_SHARD_BITS = 6
_PER_BUCKET = 8
ENTRY = Struct(">8sIIIIBBH")
WIDTH = ENTRY.size
HEAD = 12  # hash and attribute: what tells an entry from the others of its bucket
TYPE = 23  # the byte that holds the type
_EVENT = Struct(">16sIIBIHB")
AUDIENCE = slice(20, 29)  # where a packed event says who owns it, and how far it is shared
_EPOCH = date(2000, 1, 1)
TLP = ("", "clear", "green", "amber", "amber+strict", "red")
_TO_IDS = 1
_MOST_LEVELS = 2**24 - 1
_KINDS = {NOBODY: 0, EVERYONE: 1}
_GROUP = 4


def bits_for(entries: int) -> int:
    """How many bits of a hash name its bucket, so that a bucket has some 8 entries.

    >>> bits_for(0), bits_for(1_000_000)
    (14, 17)
    """
    return min(28, max(14, (entries // _PER_BUCKET).bit_length()))


def place(digest: bytes, bits: int) -> tuple[int, bytes]:
    """The shard and the field of a hash's bucket.

    >>> place(bytes.fromhex("ffff0000") + bytes(28), 16)
    (63, b'\\xff\\x03')
    """
    bucket = int.from_bytes(digest[:4], "big") >> (32 - bits)
    return bucket & (SHARDS - 1), (bucket >> _SHARD_BITS).to_bytes(field_width(bits), "little")


def field_width(bits: int) -> int:
    """How many bytes name a bucket within its shard."""
    return (bits - _SHARD_BITS + 7) // 8


def holds(changed: bytes | None, suffix: bytes) -> bool:
    """Whether an attribute still has a hash, by what is known of its changes: always, if there are none.

    These are the hashes that it has now, 8 bytes each, and what was told of its traffic lights. The latter
    alone leaves the hashes as they were; of an attribute that was deleted there is neither.
    """
    if changed is None or len(changed) == 1:
        return True
    return any(changed[at : at + 8] == suffix for at in range(0, len(changed), 8))


def suffix(digest: bytes) -> bytes:
    """The bytes of a hash that its entry holds."""
    return digest[4:12]


def level_and_type(level: int, type_: int) -> int:
    """Both in one number, as an entry holds them."""
    return min(level, _MOST_LEVELS) << 8 | type_


def flags(tlp: str, *, to_ids: bool) -> int:
    """The flags of an entry."""
    return (TLP.index(tlp) if tlp in TLP else 0) << 1 | (_TO_IDS if to_ids else 0)


def day_number(day: date) -> int:
    """Days since 2000, what 16 bits hold of them."""
    return min(max((day - _EPOCH).days, 0), 0xFFFF)


def day_of_second(second: int) -> int:
    """The number of the UTC day of a Unix time."""
    day = second // 86_400 - 10_957
    return day if 0 <= day <= 0xFFFF else 0 if day < 0 else 0xFFFF


def day_text(number: int) -> str:
    """A day as ISO 8601; "" for none."""
    return (_EPOCH + timedelta(days=number)).isoformat() if number else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An attribute under one of its hashes, unpacked; `level`, `type` and `category` are numbers of names."""

    attribute: int
    event: int
    object: int
    level: int
    type: int
    category: int
    flags: int
    day: int

    @property
    def to_ids(self) -> bool:
        """Whether it is meant for detection."""
        return bool(self.flags & _TO_IDS)

    @property
    def light(self) -> int:
        """The number of the attribute's own traffic light, 0 for none."""
        return self.flags >> 1


def pack(entry: Entry, digest: bytes) -> bytes:
    """An entry as a bucket holds it."""
    both = level_and_type(entry.level, entry.type)
    return ENTRY.pack(
        suffix(digest),
        entry.attribute,
        entry.event,
        entry.object,
        both,
        entry.category,
        entry.flags,
        entry.day,
    )


def find(bucket: bytes, digest: bytes) -> list[Entry]:
    """The entries of a hash in its bucket, in the order in which they came."""
    found, wanted = [], digest[4:12]
    at = bucket.find(wanted)
    while at >= 0:
        if at % WIDTH == 0:
            _, attribute, event, holder, both, category, marks, day = ENTRY.unpack_from(bucket, at)
            found.append(Entry(attribute, event, holder, both >> 8, both & 0xFF, category, marks, day))
        at = bucket.find(wanted, at + 1)
    return found


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event: its UUID and local id, the organisation that owns it, and how far it is shared."""

    uuid: str
    id: int
    owner: int
    level: str
    day: int = 0
    tlp: str = ""

    def packed(self) -> bytes:
        """As Redis holds it: 32 bytes."""
        kind = _KINDS.get(self.level, _GROUP)
        group = int(self.level) if kind == _GROUP else 0
        tlp = TLP.index(self.tlp) if self.tlp in TLP else 0
        return _EVENT.pack(as_bytes(self.uuid), self.id, self.owner, kind, group, self.day, tlp)

    @classmethod
    def unpacked(cls, record: bytes) -> EventRecord:
        """Undo `packed`."""
        raw, id_, owner, kind, group, day, tlp = _EVENT.unpack(record)
        level = str(group) if kind == _GROUP else EVERYONE if kind else NOBODY
        return cls(str(uuid.UUID(bytes=raw)), id_, owner, level, day, TLP[tlp])


def as_bytes(text: str) -> bytes:
    """A UUID as 16 bytes; what is none as zeros."""
    try:
        raw = bytes.fromhex(text.replace("-", ""))  # many times as fast as the `uuid` of Python
    except ValueError:
        raw = b""
    return raw if len(raw) == 16 else bytes(16)
