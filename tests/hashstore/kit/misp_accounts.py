"""Users of a MISP of the test's own, and their API keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bcrypt
from misp_content import ORGS
from misp_database import insert

ADMIN, USER, NO_API = 1, 2, 3  # roles


@dataclass(frozen=True)
class Account:
    """A key, and what MISP shows to the one who uses it: an organisation's sight, or everything."""

    key: str
    org: int
    admin: bool = False


def roles(cursor: Any) -> None:
    """A site admin's, an ordinary user's, and one that may not use the API."""
    told = [(ADMIN, "admin", 1, 1), (USER, "user", 1, 0), (NO_API, "no API", 0, 0)]
    insert(
        cursor,
        "roles",
        [{"id": i, "name": n, "perm_auth": auth, "perm_site_admin": a} for i, n, auth, a in told],
    )


def user(cursor: Any, id_: int, org: int, role: int, **more: Any) -> str:
    """A user with a legacy key, which is returned."""
    key = f"LegacyKey{id_:031d}"
    row = {"id": id_, "org_id": org, "role_id": role, "email": f"{id_}@misp.example", "authkey": key}
    insert(cursor, "users", [{**row, **more}])
    return key


def advanced(cursor: Any, made: str, user: int, prefix: str = "$2y$", cost: int = 4, **more: Any) -> str:
    """An advanced key of a user, as PHP hashes it; the key."""
    hashed = bcrypt.hashpw(made.encode(), bcrypt.gensalt(cost)).decode().replace("$2b$", prefix)
    row = {"uuid": made[:12], "authkey": hashed, "authkey_start": made[:4], "authkey_end": made[-4:]}
    insert(cursor, "auth_keys", [{**row, "user_id": user, "expiration": 0, **more}])
    return made


def everybody(cursor: Any, *, with_advanced: bool) -> list[Account]:
    """An ordinary user and a site admin of each organisation; with advanced keys, one that only reads, too.

    MISP takes every power from a key that only reads: a site admin's then shows what the organisation sees.
    """
    roles(cursor)
    found = []
    for org in ORGS:
        for id_, role in ((org, USER), (org + 100, ADMIN)):
            legacy = user(cursor, id_, org, role)
            key = advanced(cursor, f"Full{id_:032d}Full", id_) if with_advanced else legacy
            found.append(Account(key, org, role == ADMIN))
        if with_advanced:
            found.append(Account(advanced(cursor, f"Read{org:032d}Read", org + 100, read_only=1), org))
    return found
