"""Any number of files, told apart by what they hold, as one sequence in order of time."""

from __future__ import annotations

import heapq
import re
import sys
import time
from contextlib import nullcontext
from itertools import chain, dropwhile
from operator import itemgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec

from watchfloor.replay import events, lines
from watchfloor.simulate.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

BOM = b"\xef\xbb\xbf"
# A message with its place in the order: in a recording a message never comes before the one above it.
Placed = tuple[float, Message]


class Unreadable(NamedTuple):
    """What could not be read: the file, with the line if there is one, and the reason."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def read(
    paths: Iterable[str | Path],
    errors: Callable[[Unreadable], None],
    *,
    stdin: IO[bytes] | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Message]:
    """The messages of all files by time; the path `-` is standard input.

    A file holds MISP events (`{"Event": ...}`, `{"response": [...]}`, a list of them, a bare event, or
    one a line), or a recording (see `lines`), which is read as it goes and keeps its order. A line
    without a time has that of the line above, the first one the clock's. What cannot be read is handed
    to `errors`, and the rest goes on.
    """
    merged = heapq.merge(*(_source(str(path), errors, stdin, clock) for path in paths), key=itemgetter(0))
    return (message for _, message in merged)


def _source(
    path: str, errors: Callable[[Unreadable], None], stdin: IO[bytes] | None, clock: Callable[[], float]
) -> Iterator[Placed]:
    try:
        with _open(path, stdin) as file:
            yield from _Reader(path, errors, clock).read(file)
    except OSError as error:
        errors(Unreadable(path, error.strerror or str(error)))


def _open(path: str, stdin: IO[bytes] | None) -> AbstractContextManager[IO[bytes]]:
    if path == "-":
        return nullcontext(stdin or sys.stdin.buffer)
    return Path(path).open("rb")


class _Reader:
    def __init__(self, path: str, errors: Callable[[Unreadable], None], clock: Callable[[], float]) -> None:
        self._name = "standard input" if path == "-" else path
        self._errors = errors
        self._clock = clock

    def read(self, file: IO[bytes]) -> Iterator[Placed]:
        """Decide by the first line that is not empty: a recording is streamed, all else read whole."""
        numbered = dropwhile(lambda line: not line[1].strip(BOM + b" \t\r\n"), enumerate(file, 1))
        first = next(numbered, None)
        if first is None:
            self._errors(Unreadable(self._name, "empty"))
        elif _is_recorded(first[1]):
            yield from self._recording(chain([first], numbered))
        else:
            yield from self._whole([first, *numbered])

    def _recording(self, numbered: Iterable[tuple[int, bytes]]) -> Iterator[Placed]:
        place = 0.0
        last: float | None = None
        for number, text in numbered:
            if not text.strip():
                continue
            try:
                line = lines.parse(text)
            except ValueError as error:
                self._errors(self._unreadable(number, error))
                continue
            last = line.time or last or self._clock()
            place = max(place, last)
            yield place, Message(last, line.topic, line.body)

    def _whole(self, numbered: list[tuple[int, bytes]]) -> Iterator[Placed]:
        data = b"".join(text for _, text in numbered)
        try:
            told, problems = self._told(data, self._name)
        except ValueError as error:
            yield from self._by_line(numbered, _line_of(error, data, numbered[0][0]), error)
            return
        self._report(problems)
        yield from sorted(told, key=itemgetter(0))

    def _by_line(self, numbered: list[tuple[int, bytes]], broken: int, why: ValueError) -> Iterator[Placed]:
        """Not one JSON value: a recording that starts with a broken line, or an event a line."""
        if any(_is_recorded(text) for _, text in numbered):
            yield from self._recording(numbered)
            return
        told: list[Placed] = []
        problems: list[Unreadable] = []
        for number, text in numbered:
            try:
                more, wrong = self._told(text, f"{self._name}, line {number}") if text.strip() else ([], [])
            except ValueError as error:
                more, wrong = [], [self._unreadable(number, error)]
            told += more
            problems += wrong
        nothing = self._unreadable(broken, f"neither MISP events nor a recording: {why}")
        self._report(problems if told else [nothing])
        yield from sorted(told, key=itemgetter(0))

    def _told(self, data: bytes, where: str) -> tuple[list[Placed], list[Unreadable]]:
        """The messages of the events in a JSON text; ValueError when it is not JSON."""
        told: list[Placed] = []
        problems = []
        try:
            for place, event in _events(msgspec.json.decode(data.decode("utf-8-sig"))):
                if events.is_event(event):
                    told += [(message.time, message) for message in events.messages(event, self._clock())]
                else:
                    problems.append(Unreadable(where + place, "neither a MISP event nor a recorded message"))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        return told, problems

    def _report(self, problems: Iterable[Unreadable]) -> None:
        for problem in problems:
            self._errors(problem)

    def _unreadable(self, line: int, why: object) -> Unreadable:
        return Unreadable(f"{self._name}, line {line}", str(why))


def _is_recorded(text: bytes) -> bool:
    try:
        lines.parse(text)
    except ValueError:
        return False
    return True


def _events(value: Any) -> Iterator[tuple[str, Any]]:
    """What may be events, each with its place if there are several."""
    value = value["response"] if isinstance(value, dict) and "response" in value else value
    several = isinstance(value, list)
    for number, item in enumerate(value if several else [value], 1):
        event = item["Event"] if isinstance(item, dict) and "Event" in item else item
        yield f", item {number}" if several else "", event


def _line_of(error: ValueError, data: bytes, first: int) -> int:
    """The number of the line where decoding stopped; the last one when it does not say."""
    if isinstance(error, UnicodeDecodeError):
        stop = error.start
    else:
        byte = re.search(r"\(byte (\d+)\)", str(error))
        stop = int(byte[1]) if byte else len(data)
    return first + data.rstrip().count(b"\n", 0, stop)
