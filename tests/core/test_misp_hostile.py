"""Whatever comes, comes out as activities or as UndecodableError, and never breaks anything else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from watchfloor import misp
from watchfloor.errors import UndecodableError
from watchfloor.misp import Message, Names

_FILES = sorted((Path(__file__).parent / "fixtures" / "misp").glob("*.json"))
_CASES: list[dict[str, Any]] = [case for file in _FILES for case in json.loads(file.read_text("utf-8"))]
_BODIES = [(case["topic"], json.dumps(case["body"], ensure_ascii=False).encode()) for case in _CASES]

_WRONG: list[Any] = [
    None, True, False, 0, -1, 5, 2**63, -(2**63), 2**64, 10**40, 1.5, -0.0, 1e308, "", "x", "0", "4",
    "\u0000", "\u202e\U0001f4a3\r\n<b>", "x" * 3000, "9" * 5000, [], [1], [[]], [None], {}, {"a": 1},
    {"id": []}, {"0": {}}, [{}], [{"id": 1}], {"name": "x", "type": "y"},
]  # fmt: skip

_SPELLINGS = [
    b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"01", b"'x'", b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"',
    b'"\\udc00"', b'"\\u12"', b"tru", b"[" * 100_000, b'{"a":' * 100_000, b"\x00", b"", b"//", b'"\\x"',
]  # fmt: skip


class Reader:
    """One worker that is given everything; `fine` counts what meant something."""

    def __init__(self) -> None:
        self.names = Names(limit=50)
        self.problems: list[str] = []
        self.fine = 0

    @property
    def refused(self) -> int:
        """How many messages were refused, each with one short sentence."""
        assert all(len(problem) <= 200 and problem.isprintable() for problem in self.problems)
        return len(self.problems)

    def read(self, topic: str, body: bytes) -> None:
        try:
            decoded = misp.decode(Message("here", topic, body, 1767229200.0))
        except UndecodableError as problem:
            self.problems.append(str(problem))
            return
        missing = self.names.wanted(decoded)
        while missing:
            missing = self.names.load("here", dict.fromkeys(missing))
        activities = misp.activities(decoded, self.names, lambda version: False, UTC)
        assert activities
        msgspec.msgpack.encode(activities)
        for text in texts(msgspec.to_builtins(activities)):
            text.encode()
        self.names.changed()
        self.names.committed()
        self.fine += 1


def texts(value: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        yield from texts(list(value.values()))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in it, with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from places(item)


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_every_wrong_type_in_every_field(reader: Reader) -> None:
    for topic, body in _BODIES:
        document = json.loads(body)
        for container, key in places(document):
            kept = container[key]
            for wrong in _WRONG:
                container[key] = wrong
                reader.read(topic, json.dumps(document).encode())
            container[key] = kept
    assert min(reader.fine, reader.refused) > 10_000


def test_every_field_left_out(reader: Reader) -> None:
    for topic, body in _BODIES:
        document = json.loads(body)
        for container, key in places(document):
            if isinstance(container, dict):
                kept = container.pop(key)
                reader.read(topic, json.dumps(document).encode())
                container[key] = kept
    assert min(reader.fine, reader.refused) > 20


def test_every_broken_spelling_in_every_field(reader: Reader) -> None:
    for topic, body in _BODIES:
        document = json.loads(body)
        for container, key in places(document):
            kept = container[key]
            container[key] = "@@"
            head, tail = json.dumps(document, ensure_ascii=False).encode().split(b'"@@"')
            container[key] = kept
            for broken in _SPELLINGS:
                reader.read(topic, head + broken + tail)
    assert reader.refused > 1_000


def test_truncated_anywhere(reader: Reader) -> None:
    for topic, body in _BODIES:
        for end in range(0, len(body), 1 + len(body) // 200):
            if topic != "misp_json_workflow":
                reader.read(topic, body[:end])
    assert reader.fine == 0
    assert reader.refused > 5_000


def test_random_damage(reader: Reader) -> None:
    random_ = random.Random(4)
    for topic, body in _BODIES * 30:
        damaged = bytearray(body)
        for _ in range(random_.randrange(1, 4)):
            at = random_.randrange(len(damaged) + 1)
            damaged[at : at + random_.randrange(3)] = random_.choice(
                [bytes([random_.randrange(256)]), b'"', b"{", b"]", b",", b"\\", b"9" * 30, b"\xf0\x9f"]
            )
        reader.read(topic, bytes(damaged))
    assert min(reader.fine, reader.refused) > 100


def test_random_bytes_and_the_wrong_topic(reader: Reader) -> None:
    random_ = random.Random(5)
    for topic in misp.TOPICS:
        for _ in range(300):
            reader.read(topic, random_.randbytes(random_.randrange(60)))
        for _, body in _BODIES:
            reader.read(topic, body)
    assert reader.refused > 3_000


def test_random_frames(reader: Reader) -> None:
    random_ = random.Random(6)
    for _ in range(5_000):
        topic, body = misp.split(random_.choice([b"", b"misp_json", b"{"]) + random_.randbytes(20))
        assert topic
        assert topic.isprintable()
        reader.read(topic, misp.redact(topic, body))


def test_nesting_within_known_fields(reader: Reader) -> None:
    for depth in (10, 300, 100_000):
        inside = b'{"Sighting":' + b'{"Attribute":{"type":"x","Sighting":[' * depth + b"]}}" * depth + b"}"
        reader.read("misp_json_sighting", inside)
    assert reader.refused >= 1


def test_a_million_of_everything_is_only_large(reader: Reader) -> None:
    reader.read("misp_json_tag", b'{"Tag":{"name":"%s"},"action":"add"}' % (b"x" * 10_000_000))
    reader.read("misp_json", b'{"Event":{"id":1,"Tag":[%s]}}' % b",".join([b'{"name":"t"}'] * 100_000))
    reader.read("misp_json", b'{"Event":{"id":1,"Attribute":[%s]}}' % b",".join([b'{"type":"t"}'] * 20_000))
    assert reader.fine == 3
