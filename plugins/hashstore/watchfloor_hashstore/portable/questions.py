"""What is asked: values, lines, indicators of a log, the files of a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .hashing import digest
from .recognise import digests_of, extract, parts

_CHUNK = 1 << 20
_AT_ONCE = 4
_AHEAD = 64


class Question(NamedTuple):
    """What is asked: the text to show with the answer, and the hashes it may be known under."""

    text: str
    digests: list[bytes]


def of_values(values: Iterable[str], *, also_parts: bool = False) -> Iterator[Question]:
    """One question a value, and one for each of its parts that may be known by itself."""
    for value in values:
        text = value.strip()
        if not text:
            continue
        yield Question(text, digests_of(text))
        if also_parts:
            yield from (Question(part, digests_of(part)) for part in parts(text))


def of_hashes(hashes: Iterable[str]) -> Iterator[Question]:
    """One question a SHA-256 in hexadecimal; ValueError for what is none."""
    for text in hashes:
        raw = bytes.fromhex(text.strip())
        if len(raw) != 32:
            raise ValueError(f"'{text.strip()[:80]}' is no SHA-256 in hexadecimal")
        yield Question(text.strip(), [raw])


def lines_of(streams: Iterable[BinaryIO]) -> Iterator[str]:
    """The lines of files; what is no UTF-8 is taken as it stands."""
    for stream in streams:
        for line in stream:
            yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")


def of_log(lines: Iterable[str], *, also_parts: bool = False) -> Iterator[Question]:
    """The indicators in the lines of a log, each once."""
    known: set[str] = set()
    for line in lines:
        new = [found for found in extract(line) if found not in known]
        known.update(new)
        yield from of_values(new, also_parts=also_parts)


def of_folder(folder: Path) -> Iterator[Question]:
    """The files of a folder tree, by their MD5, SHA-1 and SHA-256, read once each and several at a time."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = []
        for path in _files(folder):
            waiting.append(pool.submit(of_file, path))
            if len(waiting) >= _AHEAD:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def of_file(path: Path) -> Question:
    """A file by its hashes; OSError where it cannot be read."""
    sums = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for one in sums:
                one.update(chunk)
    return Question(str(path), [digest(one.hexdigest()) for one in sums])
