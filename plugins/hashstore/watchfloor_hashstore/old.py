"""The protocol of the old hash store, which misp-fast-lookup speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from watchfloor_hashstore.ahead import Ahead
from watchfloor_hashstore.lookup import Hit
from watchfloor_hashstore.portable.many import Hashes
from watchfloor_hashstore.requests import RequestError, check_lengths, gathered_pieces, pieces


class Question(Struct):
    """What it asks; other fields than these are passed over, as they were."""

    method: str | None = None
    authkey: str | None = None
    value: str | list[str | None] | None = None
    hash_value: str | list[str | None] | None = None
    quiet: bool | None = False
    return_eid: bool | None = False

    @property
    def size(self) -> int:
        """How many values it asks for. RequestError for what the old store refused."""
        if self.method != "search":
            raise RequestError(400, "Unknown method: use search")
        size = len(_list(self.value) or _list(self.hash_value))
        if not size:
            raise RequestError(400, "No value to search: give value or hash_value")
        return size

    def hashes(self) -> Ahead[Hashes]:
        """The hashes of the values, the first of them worked out."""
        # The published client sends a list of nothing along with a hash.
        values = _list(self.value)
        check_lengths(values)
        found = pieces(values) if values else gathered_pieces([_raw(text) for text in _list(self.hash_value)])
        found.prepare()
        return found


def decode(body: bytes) -> Question:
    """The question in a body; RequestError where there is none."""
    try:
        return msgspec.json.decode(body, type=Question)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(400, f"Invalid query: {error}") from error


def _list(given: str | list[str | None] | None) -> list[str]:
    return [one for one in ([given] if isinstance(given, str) else given or ()) if one is not None]


def _raw(text: str) -> list[bytes]:
    """A hash; what is none is known to nobody, as in the old store."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return []
    return [raw] if len(raw) == 32 else []


def answer(question: Question, hits: Sequence[Sequence[Hit]]) -> list[Any]:
    """Its answer: for each value the events' UUIDs, their ids, or whether there are any."""
    if question.quiet:
        return [bool(found) for found in hits]
    if question.return_eid:
        return [list(dict.fromkeys(hit.event_id for hit in found)) for found in hits]
    return [list(dict.fromkeys(hit.event_uuid for hit in found)) for found in hits]
