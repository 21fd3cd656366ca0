"""What a request for lookups may say, and what is wrong with one that says something else."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from watchfloor_hashstore.ahead import Ahead
from watchfloor_hashstore.portable.many import Hashes, gathered, hashes_of
from watchfloor_hashstore.portable.recognise import MOST_FORMS, parts
from watchfloor_hashstore.settings import LimitSettings

_LONGEST = 1_000_000  # characters of a value; MISP has room for less
_AT_ONCE = 3500  # values that are asked for together


class RequestError(Exception):
    """The answer is an error: its status, one sentence, and how long to wait before trying again."""

    def __init__(self, status: int, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.wait = wait


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """The JSON of a request; a value alone, or many."""

    values: list[str] | None = None
    value: str | None = None
    hashes: list[str | list[str]] | None = None
    hash: str | None = None
    parts: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is asked: how many values, their hashes by and by, and what else each of them holds."""

    count: int
    pieces: Ahead[Hashes]
    parts: Sequence[Sequence[str]] | None = None


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """The body, unpacked if it is gzip. RequestError when it is larger than allowed, or broken."""
    if encoding not in ("", "identity", "gzip"):
        raise RequestError(415, f"content-encoding {encoding[:40]} is not understood: use gzip or none")
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    found: list[bytes] = []
    size = 0
    async for chunk in chunks:
        for piece in _unpacked(unpack, chunk, limit) if unpack else [chunk]:
            size += len(piece)
            if size > limit:
                raise RequestError(413, f"the body has more than {limit:,} bytes: send less at a time")
            found.append(piece)
    if unpack and not unpack.eof:
        raise RequestError(400, "the body is said to be gzip, and is broken or cut off")
    return b"".join(found)


def _unpacked(unpack: Any, chunk: bytes, limit: int) -> list[bytes]:
    """What a chunk unpacks to, a limit's worth at most: small bodies can hold very large ones."""
    try:
        return [unpack.decompress(chunk, limit + 1)]
    except zlib.error as error:
        raise RequestError(400, "the body is said to be gzip, and is broken or cut off") from error


def read(body: bytes, kind: str, limits: LimitSettings) -> Wanted:
    """What is asked, with the first hashes worked out. RequestError says what is wrong."""
    wanted = _of_lines(body, limits) if kind in ("text/plain", "text/csv") else _of_json(body, limits)
    wanted.pieces.prepare()
    return wanted


def pieces(values: Sequence[str]) -> Ahead[Hashes]:
    """The hashes of values, so many at a time; of none, no hashes."""
    starts = range(0, len(values) or 1, _AT_ONCE)
    return Ahead(hashes_of(values[start : start + _AT_ONCE]) for start in starts)


def gathered_pieces(questions: Sequence[Sequence[bytes]]) -> Ahead[Hashes]:
    """Likewise of hashes, of each value its own."""
    starts = range(0, len(questions) or 1, _AT_ONCE)
    return Ahead(gathered(questions[start : start + _AT_ONCE]) for start in starts)


def check_count(count: int, limits: LimitSettings) -> None:
    """RequestError when so many values are more than may be asked for."""
    if count > limits.values:
        raise RequestError(413, f"{count:,} values are more than {limits.values:,}: ask in several requests")


def _of_lines(body: bytes, limits: LimitSettings) -> Wanted:
    lines = body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    return _of_values(lines if lines[-1] else lines[:-1], limits)


_decode_list = msgspec.json.Decoder(list[str]).decode
_decode_body = msgspec.json.Decoder(Body).decode


def _of_json(body: bytes, limits: LimitSettings) -> Wanted:
    try:
        if body.lstrip()[:1] == b"[":
            return _of_values(_decode_list(body), limits)
        asked = _decode_body(body)
    except msgspec.ValidationError as error:
        raise RequestError(422, f"the JSON is not a question: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(400, f"the body is not JSON: {error}") from error
    values, hashes = _many(asked.values, asked.value), _many(asked.hashes, asked.hash)
    if (values is None) == (hashes is None):
        raise RequestError(422, "ask for either values or hashes")
    if values is not None:
        return _of_values(values, limits, also_parts=asked.parts)
    check_count(len(hashes), limits)
    return Wanted(len(hashes), gathered_pieces([_hashes(one) for one in hashes]))


def _many(several: Any, one: Any) -> Any:
    return several if one is None else [one, *(several or ())]


def _of_values(values: Sequence[str], limits: LimitSettings, *, also_parts: bool = False) -> Wanted:
    check_count(len(values), limits)
    check_lengths(values)
    return Wanted(len(values), pieces(values), _parts_of(values, limits.values) if also_parts else None)


def check_lengths(values: Sequence[str]) -> None:
    """RequestError when one of them is longer than anybody's."""
    if max(map(len, values), default=0) > _LONGEST:
        raise RequestError(422, f"a value has more than {_LONGEST:,} characters")


def _parts_of(values: Sequence[str], most: int) -> list[list[str]]:
    """The parts of each value; RequestError when they are too many, before they fill the memory."""
    found, count = [], 0
    for value in values:
        found.append(parts(value))
        count += len(found[-1])
        if count > most:
            raise RequestError(
                413, f"these values have more than {most:,} parts: ask for fewer, or without parts"
            )
    return found


def _hashes(given: str | list[str]) -> list[bytes]:
    texts = [given] if isinstance(given, str) else given
    if len(texts) > MOST_FORMS:
        raise RequestError(422, f"a value has more than {MOST_FORMS} hashes")
    try:
        raw = [bytes.fromhex(text) for text in texts]
    except ValueError:
        raw = [b""]
    if any(len(one) != 32 for one in raw):
        raise RequestError(422, "a hash is a SHA-256 in 64 hexadecimal digits")
    return raw
