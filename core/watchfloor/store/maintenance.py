"""What is in Redis by key family, removing it, and applying retention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from watchfloor.contracts import Keys
from watchfloor.store.families import Families

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

_PAGE = 1000


@dataclass
class Usage:
    """How many keys of a family there are, and the bytes they take in memory."""

    keys: int = 0
    bytes: int = 0


class Found(NamedTuple):
    """A key as it stands in Redis (`raw`, prefix included), its name, and its family if it has one."""

    raw: bytes
    name: str
    family: Keys | None


def scan(redis: Commands, families: Families) -> Iterator[Found]:
    """Every key below the site's prefix."""
    for raw in redis.scan_iter(match=_literal(redis.prefix) + "*", count=_PAGE):
        name = raw.decode(errors="replace").removeprefix(redis.prefix)
        owned = families.owner(name)
        yield Found(raw, name, owned[1] if owned else None)


def _literal(prefix: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", prefix)


def _pages(found: Iterator[Found]) -> Iterator[list[Found]]:
    page: list[Found] = []
    for one in found:
        page.append(one)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def usage(redis: Commands, families: Families) -> dict[str, Usage]:
    """Keys and bytes by the pattern of their family; "" for keys that nobody declares."""
    totals: dict[str, Usage] = {}
    for page in _pages(scan(redis, families)):
        with redis.pipeline(transaction=False) as pipe:
            for found in page:
                pipe.execute_command("MEMORY USAGE", found.raw)
            sizes = pipe.execute()
        for found, size in zip(page, sizes, strict=True):
            total = totals.setdefault(found.family.pattern if found.family else "", Usage())
            total.keys += 1
            total.bytes += size or 0
    return totals


def clean(redis: Commands, families: Families) -> int:
    """Delete every key of a declared family, and nothing else; how many there were."""
    ours = (found for found in scan(redis, families) if found.family)
    return sum(redis.unlink(*(found.raw for found in page)) for page in _pages(ours))


def prune(redis: Commands, families: Families, today: date) -> int:
    """Apply retention: delete keys whose day is past it, and let the others expire; how many went."""
    removed = 0
    for found in list(scan(redis, families)):
        if found.family is None or found.family.retention is None:
            continue
        day = _day(found.family, found.name)
        if day is not None and today - day > found.family.retention:
            removed += redis.unlink(found.raw)
        elif day is None and redis.ttl(found.raw) == -1:  # of an older database, or since set
            redis.expire(found.raw, found.family.retention)
    return removed


def _day(family: Keys, name: str) -> date | None:
    """The day in a key's name, None where its family has none or the digits are no day."""
    if "date" not in family.placeholders:
        return None
    match = family.regex.fullmatch(name)
    day = match[family.placeholders.index("date") + 1] if match else ""
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None
