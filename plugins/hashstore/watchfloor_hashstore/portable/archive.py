"""The file of an export: what one audience may see, sorted, mapped into memory and looked up in place.

    magic, 8 bytes                       WFHASH1 and a newline
    length of the labels, 4 bytes        big-endian, as every number here
    labels                               JSON: version, scope, times, counts, names, places, checksums
    index                                for each first bytes of an identity, the first entry that has them
    entries, 17 bytes each, sorted       identity 8, event 4, type 1, category 1, flags 1, day 2
    events, 20 bytes each                UUID 16, id 4

An identity is bytes 5 to 12 of a value's SHA-256, or with a key, 8 bytes of their HMAC-SHA-256: then nobody
without the key can find out what is in the file by trying all IP addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import mmap
import sys
import uuid
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from struct import Struct
from typing import Any

from .many import NOTHING, Hashes
from .questions import Questions

MAGIC = b"WFHASH1\n"
ENTRY = Struct(">8sIBBBH")
EVENT = Struct(">16sI")
_BLOOM = b"\1" + bytes(7)
_LENGTH = Struct(">I")
_HEAD_BYTES = 4
_HEAD = Struct(">I4x")  # of an identity
_TLP = ("", "clear", "green", "amber", "amber+strict", "red")
_EPOCH = date(2000, 1, 1)
_LONGEST_LABELS = 1_000_000
_PREFIXES = {2: 2, 3: 3}  # bytes that the index knows
_CHUNK = 1 << 20
_CHECK = b"hashstore export key"
_BLOCK = 64  # bytes of a block of SHA-256


class ArchiveError(Exception):
    """The file cannot be used; the text says why and what to do."""


def identified(key: bytes) -> Callable[[bytes], bytes]:
    """What makes an identity of bytes 5 to 12 of a SHA-256.

    With a key it is HMAC by its definition: the first blocks are the same for all values.
    """
    sha256, padded = hashlib.sha256, key.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C))
    begun = sha256(outer).copy

    def identity(part: bytes) -> bytes:
        whole = begun()
        whole.update(sha256(inner + part).digest())
        return whole.digest()[:8]

    return identity if key else bytes


def key_check(key: bytes) -> str:
    """Tells whether a key is the right one, and nothing else about it."""
    return hmac.new(key, _CHECK, hashlib.sha256).hexdigest()[:16] if key else ""


def read_key(path: str | Path) -> bytes:
    """The key in a file of its own: 32 bytes in hexadecimal."""
    try:
        key = bytes.fromhex(Path(path).read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ArchiveError(f"cannot read a key of 64 hexadecimal digits from {path}: {error}") from error
    if len(key) != 32:
        raise ArchiveError(f"the key in {path} must be 64 hexadecimal digits long")
    return key


def _instead(head: bytes) -> str:
    """What a file is that is no export, by its first bytes."""
    if head.startswith(_BLOOM):
        return "is a Bloom file, which tells of no events: ask it as the .json beside it says"
    return "is no export of the hash store, or of another version"


class Archive:
    """An export that is open for lookups. `labels` is what it says of itself."""

    def __init__(self, path: str | Path, key: bytes = b"", *, verify: bool = True) -> None:
        self.path = Path(path)
        self.labels, start, self._map = self._open()
        try:
            self._lay_out(start)
            self._check_key(key)
            if verify:
                self._verify(start)
        except ArchiveError:
            self._map.close()
            raise
        self._key = key

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._map.close()

    def _open(self) -> tuple[dict[str, Any], int, mmap.mmap]:
        try:
            with self.path.open("rb") as file:
                head = file.read(len(MAGIC) + _LENGTH.size)
                if head[: len(MAGIC)] != MAGIC or len(head) < len(MAGIC) + _LENGTH.size:
                    raise ArchiveError(f"{self.path} {_instead(head)}")
                (length,) = _LENGTH.unpack(head[len(MAGIC) :])
                text = file.read(min(length, _LONGEST_LABELS))
                labels = json.loads(text) if len(text) == length else None
                if not isinstance(labels, dict):
                    raise ArchiveError(f"{self.path} is damaged: copy it again")
                return labels, len(head) + length, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise ArchiveError(f"cannot read {self.path}: {error.strerror}") from error
        except ValueError as error:
            raise ArchiveError(f"{self.path} is damaged: copy it again") from error

    def _lay_out(self, start: int) -> None:
        try:
            self._prefix = _PREFIXES[self.labels["prefix"]]
            self._count = int(self.labels["entries"])
            events = int(self.labels["events"])
            self._types = [str(name) for name in self.labels["types"]]
            self._categories = [str(name) for name in self.labels["categories"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ArchiveError(f"{self.path} is damaged: copy it again") from error
        self._starts = array("I", self._map[start : start + 4 * (256**self._prefix + 1)])
        if sys.byteorder == "little":
            self._starts.byteswap()
        self._entries = start + 4 * (256**self._prefix + 1)
        self._events = self._entries + ENTRY.size * self._count
        if len(self._map) != self._events + EVENT.size * events:
            raise ArchiveError(f"{self.path} is cut off or has grown: copy it again")

    def _check_key(self, key: bytes) -> None:
        wanted = self.labels.get("key", "")
        if wanted and not key:
            raise ArchiveError(f"{self.path} is made with a key: give the file that holds it (--key)")
        if wanted != key_check(key):
            raise ArchiveError(f"this is not the key that {self.path} was made with")

    def _verify(self, start: int) -> None:
        found = hashlib.sha256()
        for at in range(start, len(self._map), _CHUNK):
            found.update(self._map[at : at + _CHUNK])
        if found.hexdigest() != self.labels.get("sha256"):
            raise ArchiveError(f"{self.path} is damaged (its checksum is another): copy it again")

    def expired(self, now: float) -> bool:
        """Whether it should not be used any more."""
        expires = self.labels.get("expires") or 0
        return bool(expires) and now > float(expires)

    def find(self, digest: bytes) -> list[dict[str, Any]]:
        """The hits of a value with this SHA-256."""
        return self.find_many(Hashes([digest], [0], 1)).get(0, [])

    def find_many(self, hashes: Hashes) -> dict[int, list[dict[str, Any]]]:
        """The hits of those values that have any, each hit once, whichever of the hashes leads to it."""
        wanted = [digest[4:12] for digest in hashes.digests]
        if self._key:
            wanted = list(map(identified(self._key), wanted))
        found: dict[int, list[dict[str, Any]]] = {}
        for at, place in self._places(wanted):
            hits = found.setdefault(hashes.owners[at], [])
            if (hit := self._hit(place)) not in hits:
                hits.append(hit)
        return found

    def answers(self, questions: Questions) -> tuple[Questions, dict[int, list[dict[str, Any]]]]:
        """The hits of what is asked together, with the texts it is about."""
        return Questions(questions.texts, NOTHING), self.find_many(questions.hashes)

    def _places(self, wanted: Sequence[bytes]) -> Iterator[tuple[int, int]]:
        """Where in the file the entries of identities are, each with the number of its identity."""
        starts, find, base, size = self._starts, self._map.find, self._entries, ENTRY.size
        shift = 8 * (_HEAD_BYTES - self._prefix)
        for at, (head,) in enumerate(_HEAD.iter_unpack(b"".join(wanted))):
            slot = head >> shift
            first, end = starts[slot], starts[slot + 1]
            if first == end:
                continue
            last = base + size * end
            place = find(wanted[at], base + size * first, last)
            while place >= 0:
                if (place - base) % size == 0:
                    yield at, place
                place = find(wanted[at], place + 1, last)

    def _hit(self, at: int) -> dict[str, Any]:
        _, event, type_, category, flags, day = ENTRY.unpack_from(self._map, at)
        raw, id_ = EVENT.unpack_from(self._map, self._events + EVENT.size * event)
        return {
            "event_uuid": str(uuid.UUID(bytes=raw)),
            "event_id": str(id_) if id_ else "",
            "type": _name(self._types, type_),
            "category": _name(self._categories, category),
            "to_ids": bool(flags & 1),
            "date": (_EPOCH + timedelta(days=day)).isoformat() if day else "",
            "tlp": _name(_TLP, flags >> 1 & 7),
        }

    def described(self) -> str:
        """What it is, in a line."""
        seconds = float(self.labels.get("created") or 0)
        made = datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017 (older Pythons read exports, too)
        return f"{self.labels.get('scope', '?')}, made {made:%Y-%m-%d %H:%M} UTC, {self._count:,} entries"


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if number < len(names) else ""
