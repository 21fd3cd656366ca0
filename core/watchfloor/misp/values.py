"""MISP's loose values made definite: ids come as text or numbers, booleans in four spellings, or not."""

from __future__ import annotations

from hashlib import blake2b

from watchfloor.text import printable

Scalar = str | int | float | bool | None

LARGEST = 2**53
"""No count or uptime is larger; browsers and JSON readers keep integers exact up to here."""

_TRUE = frozenset(("1", "true", "True"))


def text(value: Scalar) -> str:
    """The value as text; nothing, and false, are "".

    >>> text("42"), text(42), text(42.0), text(None), text(True)
    ('42', '42', '42', '', '1')
    """
    if type(value) is str:
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    return str(value)


def ident(value: Scalar) -> str:
    """The id of a row as text; "" for none, which MISP writes as 0."""
    result = text(value)
    return "" if result == "0" else result


def flag(value: Scalar) -> bool:
    """Whether a boolean is set, in any of MISP's spellings: true, 1, "1", "true"."""
    return value is True or (value is not False and text(value) in _TRUE)


def whole(value: Scalar) -> int | None:
    """A whole number such as a Unix time; None when it is none."""
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        return None


def number(value: Scalar) -> int:
    """A count; 0 when it is none, or beyond `LARGEST`."""
    result = whole(value) or 0
    return result if 0 <= result <= LARGEST else 0


def version(kind: str, uuid: Scalar, stamp: Scalar) -> bytes | None:
    """Eight bytes that stand for this version of a thing; None when it bears no UUID or no time stamp."""
    name, time = text(uuid), text(stamp)
    if not name or not time:
        return None
    return blake2b(f"{kind} {name.lower()} {time}".encode(), digest_size=8).digest()


def brief(value: str, limit: int = 80) -> str:
    """At most `limit` characters of the text, those that would not show spelt out.

    >>> brief("a\\x1b[0m"), brief("b" * 100, 3)
    ('a\\\\x1b[0m', 'bbb')
    """
    return printable(value[:limit])[:limit]
