"""From an attribute's value to the hashes under which it is found."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from .types import Normaliser, halves, is_composite, is_hashed, normaliser

_sha256 = hashlib.sha256


def digest(value: str) -> bytes:
    """SHA-256 of a value in lower case without blanks around it: 32 bytes.

    >>> digest(" Evil.Example ") == digest("evil.example")
    True
    """
    return _sha256(value.strip().lower().encode("utf-8", "surrogatepass")).digest()


@lru_cache(maxsize=4096)
def _plan(type_: str) -> tuple[bool, Normaliser | None, Normaliser | None, bool, bool]:
    """Composite or not, the normalisers of both halves, and which of the halves are hashed."""
    if not is_composite(type_):
        return False, normaliser(type_), None, is_hashed(type_), False
    first, second = halves(type_)
    return True, normaliser(first), normaliser(second), is_hashed(first), is_hashed(second)


def texts(type_: str, value1: str, value2: str = "") -> list[str]:
    """The texts of an attribute that are hashed: the value, and of a composite each half and the whole.

    A value that an old MISP stored in another form than today's is found in either.

    >>> texts("ip-dst|port", "198.51.100.7", "80")
    ['198.51.100.7', '198.51.100.7|80']
    >>> texts("ip-dst", "2001:DB8:0::1")
    ['2001:db8::1', '2001:DB8:0::1']
    """
    composite, first, second, with_first, with_second = _plan(type_)
    if not composite:
        return _forms(value1, first) if with_first else []
    if not value2:
        return _forms(value1, first)
    found = _forms(value1, first) if with_first else []
    if with_second:
        found += _forms(value2, second)
    whole = f"{first(value1) if first else value1}|{second(value2) if second else value2}"
    found.append(whole)
    if whole != f"{value1}|{value2}":
        found.append(f"{value1}|{value2}")
    return [text for text in found if text]


def _forms(value: str, normal: Normaliser | None) -> list[str]:
    if normal is None:
        return [value]
    written = normal(value)
    return [value] if written == value else [written, value]


def split(type_: str, value: str) -> tuple[str, str]:
    """The halves of a whole value as MISP stores them; the second is "" for a type without halves."""
    if not is_composite(type_):
        return value, ""
    first, _, second = value.partition("|")
    return first, second


def digests(type_: str, value1: str, value2: str = "") -> set[bytes]:
    """The hashes of an attribute, 32 bytes each."""
    return {digest(text) for text in texts(type_, value1, value2) if text.strip()}


def digests_of_whole(type_: str, value: str) -> list[bytes]:
    """Likewise, of a value that is not split, in an order of its own.

    >>> len(digests_of_whole("domain|ip", "a.example|192.0.2.1")), digests_of_whole("port", "80")
    (3, [])
    """
    composite, normal, _, hashed, _ = _plan(type_)
    if composite or not hashed or (normal is not None and normal(value) != value):
        return sorted(digests(type_, *split(type_, value)))
    text = value.strip().lower()  # from here on as `digest`: nearly all are like this
    return [_sha256(text.encode("utf-8", "surrogatepass")).digest()] if text else []
