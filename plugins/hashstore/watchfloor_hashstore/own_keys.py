"""Keys of the store's own: made, listed and revoked here, and never kept in clear."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any

from msgspec import Struct, field
from msgspec.json import decode, encode

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.keys import OWN_KEYS

PREFIX = "wfh"
_SHOWN = 12


class OwnKey(Struct, frozen=True, omit_defaults=True):
    """A key of the store's own. Without an organisation it sees what everyone on the instance may see.

    Times are Unix seconds; `expires` 0 is never. `addresses`: where it may be used, none for everywhere.
    """

    label: str
    organisation: int | None = None
    created: int = 0
    expires: int = 0
    addresses: list[str] = field(default_factory=list)


def field_of_key(key: str) -> str:
    """The field under which a key is kept: its SHA-256, for it is random and long."""
    return hashlib.sha256(b"hashstore own " + key.encode("utf-8", "surrogatepass")).hexdigest()


def create(redis: Any, own: OwnKey) -> str:
    """Make a key; it is told once, and never again."""
    # Letters and digits alone, as long as MISP's: whatever takes one of those takes this.
    alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    key = PREFIX + "".join(secrets.choice(alphabet) for _ in range(37))
    redis.hset(OWN_KEYS(), field_of_key(key), encode(own))
    return key


def listed(redis: Any) -> dict[str, OwnKey]:
    """Every key by what it is called in `revoke`, oldest first."""
    keys = {name.decode()[:_SHOWN]: unpacked(value) for name, value in redis.hgetall(OWN_KEYS()).items()}
    return dict(sorted(keys.items(), key=lambda item: item[1].created))


def revoke(redis: Any, name: str) -> OwnKey:
    """Take a key out of use at once, by its name in `listed`. HashstoreError where there is none."""
    for stored, value in redis.hgetall(OWN_KEYS()).items():
        if stored.decode()[:_SHOWN] == name:
            redis.hdel(OWN_KEYS(), stored)
            return unpacked(value)
    raise HashstoreError(f"there is no key '{name}': `watchfloor hashstore key list` shows them")


def unpacked(value: bytes) -> OwnKey:
    """As it lies in Redis."""
    return decode(value, type=OwnKey)


def now() -> int:
    """Unix seconds."""
    return int(time.time())
