"""The hashes of many values at once. Most are as they are, and need no look at each of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .recognise import AS_IT_IS, digests_of

# Of each line its text, or nothing where it has to be looked at.
_LINES = re.compile(rb"(%b)\n|.*\n" % AS_IT_IS.encode(), re.MULTILINE)


class Hashes(NamedTuple):
    """Hashes of so many values, 32 bytes each, and for each hash which of the values may have it."""

    digests: Sequence[bytes]
    owners: Sequence[int]
    values: int


NOTHING = Hashes((), (), 0)


def hashes_of(values: Sequence[str]) -> Hashes:
    """The hashes under which each of some values may be stored, as `digests_of` tells them.

    >>> hashes_of(["evil.example", "AS64496"]).owners
    [0, 1, 1]
    """
    if not values:
        return NOTHING
    sha256, plain = hashlib.sha256, _as_they_are(values)
    digests = [sha256(text).digest() for text in plain if text]
    if len(digests) == len(values):
        return Hashes(digests, range(len(values)), len(values))
    owners = [at for at, text in enumerate(plain) if text]
    for at, text in enumerate(plain):
        if not text:
            found = digests_of(values[at])
            digests += found
            owners += [at] * len(found)
    return Hashes(digests, owners, len(values))


def _as_they_are(values: Sequence[str]) -> list[bytes]:
    """The bytes to hash of each value; b"" of one that may be written in another way."""
    text = "\n".join(values)
    if text.count("\n") != len(values) - 1:
        text = "\n".join("" if "\n" in value else value for value in values)
    found: list[bytes] = _LINES.findall(text.encode("utf-8", "surrogatepass").lower() + b"\n")
    return found


def gathered(digests: Iterable[Sequence[bytes]]) -> Hashes:
    """Hashes that were worked out before, of each value its own.

    >>> gathered([[b"a"], [], [b"b", b"c"]])
    Hashes(digests=[b'a', b'b', b'c'], owners=[0, 2, 2], values=3)
    """
    lists = list(digests)
    flat = [digest for one in lists for digest in one]
    return Hashes(flat, [at for at, one in enumerate(lists) for _ in one], len(lists))
