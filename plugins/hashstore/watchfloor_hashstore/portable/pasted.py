"""Other ways of writing a value than MISP's, and what people leave around one that they paste."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .types import address

# Nobody sees them, but they are copied as well: soft hyphens, marks of direction, blanks without width.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_OPEN, _CLOSED = "'\"`<([{\u2018\u201c\u00ab", "'\"`>)]}\u2019\u201d\u00bb"
_CLOSED_BY = dict(zip(_OPEN, _CLOSED))  # noqa: B905 (of Python 3.10)
_LAYERS = 3  # of quotes and brackets
PLACE = re.compile(r"([^\s:/|\[\]]{1,253}\.[^\s:/|\[\]]{1,63}|\[[0-9a-fA-F:.]{2,45}\]):([0-9]{1,5})")
_PERSON = re.compile(r"(\S{1,64})\s{1,8}at\s{1,8}(\S{1,253})", re.IGNORECASE)
_NUMBER = re.compile(r"\(?[0-9][0-9 ()/-]{8,30}")
_DIGITS = 9  # of a number that is no date
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}(?: [0-9A-Z]{1,4}){2,8}", re.IGNORECASE)
_NO_DIGIT = re.compile(r"[^0-9]")


def seen(text: str) -> str:
    """A text without what nobody sees in it."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def within(text: str) -> list[str]:
    """What may be the value in a text: without what nobody sees, the commas behind it, the quotes around it.

    >>> within('"evil.example",'), within("<eve@evil.example>"), within("evil.example")
    (['"evil.example"', 'evil.example'], ['<eve@evil.example>', 'eve@evil.example'], ['evil.example'])
    """
    found = [seen(text).strip().rstrip(",;").rstrip()]
    while len(found) <= _LAYERS:
        outer = found[-1]
        if len(outer) < 3 or _CLOSED_BY.get(outer[0]) != outer[-1]:
            break
        found.append(outer[1:-1].strip())
    return found


def otherwise(plain: str) -> Iterator[str]:
    """How a short value may be written in MISP that people write in another way.

    >>> [*otherwise("198.51.100.7:443"), *otherwise("DE02 1203 0000"), *otherwise("1-800-555-0100")]
    ['198.51.100.7|443', 'DE0212030000', '18005550100']
    """
    if match := PLACE.fullmatch(plain):
        yield f"{address(match[1].strip('[]'))}|{match[2]}"
    elif match := _PERSON.fullmatch(plain):
        yield f"{match[1]}@{match[2]}"
    elif _ACCOUNT.fullmatch(plain):
        yield plain.replace(" ", "")
    elif _NUMBER.fullmatch(plain) and len(digits := _NO_DIGIT.sub("", plain)) >= _DIGITS:
        yield digits


def with_other_ends(text: str) -> Iterator[str]:
    """A text of several lines with the ends that Windows gives them, and with those of all others."""
    if "\n" in text:
        unix = text.replace("\r\n", "\n")
        yield unix
        yield unix.replace("\n", "\r\n")
