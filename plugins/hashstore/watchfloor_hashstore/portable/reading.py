"""What a command is asked: folders, values and files, of which several processes read the large ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

from .questions import Questions, of_folder, of_hashes, of_values
from .recognise import extract
from .spread import processes_for, spread

T = TypeVar("T")

_SOME = 1 << 17  # bytes of lines that are read together


class How(NamedTuple):
    """What lines are: a log in which indicators are looked for, hashes, or values, with parts or without."""

    log: bool = False
    hashes: bool = False
    parts: bool = False

    def of(self, values: Iterable[Sequence[str]]) -> Iterator[Questions]:
        """The questions about values or hashes."""
        return of_hashes(values) if self.hashes else of_values(values, also_parts=self.parts)


def asked(
    how: How,
    folders: Iterable[Path],
    values: Sequence[str],
    streams: Sequence[BufferedReader],
    then: Callable[[Questions], T],
) -> Iterator[T]:
    """What is made of each question, in order; of questions about large files in other processes."""
    yield from map(then, chain(chain.from_iterable(map(of_folder, folders)), how.of([values])))
    pieces, processes = pieces_of(streams), processes_for(streams)
    if how.log:
        found = spread(lambda piece: extract("\n".join(lines(piece))), pieces, processes)
        yield from map(then, of_values(_each_once(found), also_parts=how.parts))
        return
    for some in spread(lambda piece: list(map(then, how.of([lines(piece)]))), pieces, processes):
        yield from some


def pieces_of(streams: Iterable[BufferedReader]) -> Iterator[bytes]:
    """Files in pieces of whole lines, as many as are there."""
    for stream in streams:
        begun: list[bytes] = []
        while data := stream.read1(_SOME):
            whole, newline, rest = data.rpartition(b"\n")
            if newline:
                yield b"".join([*begun, whole])
                begun = []
            begun.append(rest)
        if last := b"".join(begun):
            yield last


def lines(piece: bytes) -> list[str]:
    """The lines of a piece; what is no UTF-8 is taken as it stands."""
    return piece.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")


def _each_once(found: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    known: set[str] = set()
    for some in found:
        new = [one for one in some if one not in known]
        known.update(new)
        yield new
