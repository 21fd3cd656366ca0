"""What commands are asked, as they read it: by and by, in order, and much of it in several processes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import apart

from watchfloor_hashstore.portable import spread
from watchfloor_hashstore.portable.questions import of_hashes, of_values
from watchfloor_hashstore.portable.reading import How, asked, lines, pieces_of
from watchfloor_hashstore.portable.recognise import digests_of
from watchfloor_hashstore.portable.spread import processes_for


@pytest.fixture
def pipe() -> Iterator[tuple[int, Any]]:
    """The end of a pipe to write to, and the stream at the other."""
    there, here = os.pipe()
    with os.fdopen(there, "rb") as stream:
        yield here, stream


def test_lines_are_taken_as_soon_as_they_are_there(pipe: tuple[int, Any]) -> None:
    here, stream = pipe
    pieces = pieces_of([stream])
    os.write(here, b"one\r\ntwo\nthr")
    assert lines(next(pieces)) == ["one", "two"]
    os.write(here, b"ee\n\xff\n\nlast")
    assert lines(next(pieces)) == ["three", "\udcff", ""]
    os.close(here)
    assert list(pieces) == [b"last"]


def test_a_line_may_be_longer_than_what_is_read_together(tmp_path: Path) -> None:
    texts = ["short", "x" * 400_000, "y" * 131_071, "", "end"]
    (tmp_path / "lines").write_text("\n".join(texts) + "\n")
    with (tmp_path / "lines").open("rb") as first, (tmp_path / "lines").open("rb") as second:
        assert [line for piece in pieces_of([first, second]) for line in lines(piece)] == texts * 2


def texts_of(questions: Any) -> list[str]:
    return [text for some in questions for text in some.texts]


def test_questions_come_in_order_and_none_is_about_nothing() -> None:
    some: Sequence[list[str]] = [[" a ", "", "198.51.100.7/31"], ["  "], ["b|c"]]
    assert texts_of(of_values(some)) == ["a", "198.51.100.7/31", "b|c"]
    parts = ["a", "198.51.100.7/31", "198.51.100.6", "198.51.100.7", "b|c", "b", "c"]
    assert texts_of(of_values(some, also_parts=True)) == parts
    for one in of_values(some, also_parts=True):
        assert apart(one.hashes) == [set(digests_of(text)) for text in one.texts]


def test_only_so_much_is_asked_for_together() -> None:
    networks = [f"198.51.{n}.0/24" for n in range(30)]
    for questions in (
        of_values([["x"] * 12_000]),
        of_values([networks], also_parts=True),
        of_hashes([["ab" * 32] * 12_000]),
    ):
        sizes = [(len(some.texts), some.hashes.values) for some in questions]
        assert all(texts == values <= 5000 for texts, values in sizes)
        assert sum(texts for texts, _ in sizes) in (12_000, 30 * 257)


def test_an_indicator_of_a_log_is_asked_for_once(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(
        "from 198.51.100.7\nto evil.example\nfrom 198.51.100.7 to http://evil.example/\n"
    )
    with (tmp_path / "log").open("rb") as first, (tmp_path / "log").open("rb") as second:
        found = asked(How(log=True), [], ["x"], [first, second], lambda some: some.texts)
        assert list(found) == [["x"], ["198.51.100.7", "evil.example", "http://evil.example/"]]


def test_hashes_are_taken_as_they_are() -> None:
    (some,) = of_hashes([[f" {'ab' * 32} "]])
    assert (some.texts, some.hashes.digests) == (["ab" * 32], [b"\xab" * 32])
    with pytest.raises(ValueError, match="'abab' is no SHA-256"):
        list(of_hashes([["abab"]]))


@pytest.mark.parametrize("of", [1, 3])
def test_only_large_files_are_shared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pipe: tuple[int, Any], of: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(of)))
    monkeypatch.setattr(spread, "_LARGE", 1000)
    (tmp_path / "one").write_bytes(b"x" * 600)
    os.close(pipe[0])
    with (tmp_path / "one").open("rb") as first, (tmp_path / "one").open("rb") as second:
        assert processes_for([first]) == 1
        assert processes_for([first, second]) == of
        assert processes_for([first, second, pipe[1]]) == 1
        assert processes_for([first, second, io.BufferedReader(io.BytesIO(b"x" * 2000))]) == 1
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
        assert processes_for([first, second]) == 8


# In a process of its own: this one has threads, and is not to be forked.
SHARED = """
import os
from watchfloor_hashstore.portable.spread import spread

taken = 0
def pieces():
    global taken
    for taken in range(1, 41):
        yield taken

def work(piece):
    if piece == 30:
        raise ValueError("30 is too much")
    return piece * piece, os.getpid()

results = spread(work, pieces(), 3)
first = next(results)
assert first[0] == 1 and taken == 7, "only so much is taken ahead"
found = [first]
try:
    found.extend(results)
except ValueError as error:
    assert str(error) == "30 is too much"
assert [square for square, _ in found] == [n * n for n in range(1, 30)]
assert os.getpid() not in {pid for _, pid in found}
assert list(spread(work, [2, 3], 1)) == [(4, os.getpid()), (9, os.getpid())]
print("done")
"""


def test_work_is_shared_in_order_and_fails_as_it_would_here() -> None:
    done = subprocess.run([sys.executable, "-c", SHARED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")


ENDED = """
import os, signal
from watchfloor_hashstore.portable.spread import spread

try:
    list(spread(lambda piece: os.kill(os.getpid(), signal.SIGKILL), range(9), 2))
except OSError as error:
    print(error)
"""


def test_a_process_that_is_ended_ends_the_whole() -> None:
    """What it was about to look up is not known to be unknown."""
    done = subprocess.run([sys.executable, "-c", ENDED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("one of the processes that looked values up was ended\n", "")
