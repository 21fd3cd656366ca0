"""What is asked: values, hashes, the files of a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from .hashing import digest
from .many import Hashes, gathered, hashes_of
from .recognise import parts

_CHUNK = 1 << 20
_TOGETHER = 5000  # values that are asked for together
_AT_ONCE = 4
_AHEAD = 64


class Questions(NamedTuple):
    """What is asked together: the texts to show with the answers, and the hashes they may be known under."""

    texts: Sequence[str]
    hashes: Hashes


def of_values(values: Iterable[Sequence[str]], *, also_parts: bool = False) -> Iterator[Questions]:
    """Questions about values, as far as possible about those together that come together.

    With `also_parts` about what else each of them holds that may be known.
    """
    for some in values:
        texts = [text for text in map(str.strip, some) if text]
        if also_parts:
            texts = [each for text in texts for each in (text, *parts(text))]
        for start in range(0, len(texts), _TOGETHER):
            together = texts[start : start + _TOGETHER]
            yield Questions(together, hashes_of(together))


def of_hashes(hashes: Iterable[Sequence[str]]) -> Iterator[Questions]:
    """Questions about SHA-256 in hexadecimal; ValueError for what is none."""
    for some in hashes:
        for start in range(0, len(some), _TOGETHER):
            texts = [text.strip() for text in some[start : start + _TOGETHER]]
            yield Questions(texts, gathered([_raw(text)] for text in texts))


def _raw(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != 32:
        raise ValueError(f"'{text[:80]}' is no SHA-256 in hexadecimal")
    return raw


def of_folder(folder: Path) -> Iterator[Questions]:
    """The files of a folder tree, by their MD5, SHA-1 and SHA-256, read once each and several at a time.

    OSError where something cannot be read: of that nobody could say that it is not known.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = []
        for path in _files(folder):
            waiting.append(pool.submit(of_file, path))
            if len(waiting) >= _AHEAD:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _fail(error: OSError) -> None:
    raise error


def of_file(path: Path) -> Questions:
    """A file by its hashes; OSError where it cannot be read."""
    sums = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for one in sums:
                one.update(chunk)
    return Questions([str(path)], gathered([[digest(one.hexdigest()) for one in sums]]))
