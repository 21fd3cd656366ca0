"""MISP's API keys, as its database knows them: hashed, with whom they stand for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.json import decode, encode

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.sources.mysql import Database

_COST = 10  # of PHP up to 8.3
Mode = Literal["auto", "legacy", "advanced"]


class MispKey(Struct, frozen=True, omit_defaults=True):
    """An API key. `hashed` is bcrypt's hash of an advanced key, "" for a legacy one, which is its own field.

    `expires` is in Unix seconds, 0 for never; `addresses` are those it may be used from, none for all.
    """

    organisation: int
    admin: bool = False
    hashed: str = ""
    expires: int = 0
    addresses: list[str] = field(default_factory=list)


def legacy_field(key: str) -> str:
    """The field of a legacy key: SHA-256 of what 40 random characters are, never the key itself."""
    return "legacy:" + hashlib.sha256(b"hashstore legacy " + key.encode()).hexdigest()


def advanced_field(key: str) -> str:
    """The field of the advanced keys that begin and end like this one: MISP compares without case."""
    return f"advanced:{(key[:4] + key[-4:]).lower()}"


def packed(keys: list[MispKey]) -> bytes:
    """The keys of a field."""
    return encode(keys)


def unpacked(value: bytes) -> list[MispKey]:
    """Undo `packed`."""
    return decode(value, type=list[MispKey])


def keys_of(database: Database, mode: Mode) -> dict[str, bytes]:
    """The keys that may be used at all, by field: those of users who are enabled and may use the API."""
    if not database.has("users", "id", "org_id", "role_id") or not database.has("roles", "id", "perm_auth"):
        return {}
    advanced = database.has("auth_keys", "authkey", "authkey_start", "authkey_end", "user_id")
    if mode == "advanced" and not advanced:
        raise HashstoreError(
            "this MISP has no advanced keys: set plugins.hashstore.authkeys to legacy or auto"
        )
    if mode == "auto":
        advanced = advanced and bool(database.one("SELECT COUNT(*) FROM auth_keys")[0])
    read = _advanced if advanced and mode != "legacy" else _legacy
    found: dict[str, list[MispKey]] = {}
    for name, key in read(database):
        found.setdefault(name, []).append(key)
    return {name: packed(keys) for name, keys in found.items()} | {"mode": _mode(read is _advanced, found)}


def _mode(advanced: bool, found: dict[str, list[MispKey]]) -> bytes:
    """Which kind of keys count, and bcrypt's cost: that long any wrong key takes."""
    costs = [int(key.hashed[4:6]) for keys in found.values() for key in keys if key.hashed[4:6].isdigit()]
    return b"advanced:%d" % max(costs, default=_COST) if advanced else b"legacy"


def cost_of(mode: bytes) -> int:
    """Undo `_mode`: bcrypt's cost, 0 where keys are legacy ones.

    >>> cost_of(b"advanced:12"), cost_of(b"legacy")
    (12, 0)
    """
    kind, _, cost = mode.partition(b":")
    return int(cost or _COST) if kind == b"advanced" else 0


def _joined(database: Database) -> str:
    disabled = " AND u.disabled = 0" if database.has("users", "disabled") else ""
    return f"JOIN roles r ON r.id = u.role_id WHERE r.perm_auth = 1{disabled}"


def _legacy(database: Database) -> Iterator[tuple[str, MispKey]]:
    if not database.has("users", "authkey"):
        return
    sql = f"SELECT u.authkey, u.org_id, r.perm_site_admin FROM users u {_joined(database)}"  # noqa: S608
    for key, organisation, admin in database.rows(sql):
        if key:
            yield legacy_field(key), MispKey(organisation, bool(admin))


def _advanced(database: Database) -> Iterator[tuple[str, MispKey]]:
    read_only, addresses, expires = (
        database.column("auth_keys", name, default, "k")
        for name, default in (("read_only", "0"), ("allowed_ips", "NULL"), ("expiration", "0"))
    )
    sql = (
        f"SELECT k.authkey_start, k.authkey_end, k.authkey, {expires}, {read_only}, {addresses}, "  # noqa: S608
        f"u.org_id, r.perm_site_admin FROM auth_keys k JOIN users u ON u.id = k.user_id {_joined(database)}"
    )
    for start, end, hashed, until, reads, allowed, organisation, admin in database.rows(sql):
        # A key that only reads has none of its user's powers, and a site admin's sight is one of them.
        powerful = bool(admin) and not reads
        yield advanced_field(start + end), MispKey(organisation, powerful, hashed, until, _list(allowed))


def _list(text: str | None) -> list[str]:
    """The addresses that a key may be used from; what cannot be read lets nobody use it."""
    if not text:
        return []
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ["unreadable"]
    return [str(one) for one in found] if isinstance(found, list) else ["unreadable"]


def count(keys: dict[str, bytes]) -> int:
    """How many keys these fields hold."""
    return sum(len(unpacked(value)) for name, value in keys.items() if name != "mode")
