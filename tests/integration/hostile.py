"""Hostile input: what a broken or malicious publisher could send. The same seed gives the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from watchfloor.simulate import World, live

NAMES = (
    "<script>alert(1)</script>", "a:b", "%3A", "watchfloor:lease:worker", "{org}", "line\nbreak", "\r\n\r\n",
    "\u202eright to left", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f469\u200d\U0001f467\u2620\ufe0f", "e\u0301", "long " * 60, "\0null\0", "\x1b[2J\x1b]0;x\x07",
    "\ufeff", "'; DROP TABLE", "../../etc/passwd", "*", "[a-z]?", " ", "", "\u2028", "%s%n{0}",
    "\ud7ff\ue000\ufffd\U0010ffff",
)  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 1.5, 1e308, 2**63, -(2**63), 10**40, "", "x", "0", "9" * 5000, [], [[]],
    [None], {}, {"a": 1}, {"id": []}, [{"id": 1}], {"0": {}}, "x" * 3000, *NAMES[:9],
)  # fmt: skip
SPELLINGS = (
    b"NaN", b"-Infinity", b"1e999", b"9" * 6000, b"01", b"'x'", b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"',
    b'"\\udc00\\ud800"', b'"\\u12"', b"tru", b"\x00", b"//", b'"\\x"', b"-", b'"\x01"', b"[1,]", b"{1:2}",
)  # fmt: skip
UNKNOWN = (b"misp_json_ledger", b"misp_json_", b"MISP_JSON", b"x" * 200, b"\xff\xfe", b"", b"\n")
Maker = Callable[[random.Random, list[bytes]], bytes]


def inputs(seed: int, count: int) -> Iterator[bytes]:
    """So many frames: everything in a mix."""
    chance, sources = random.Random(seed), _sources(seed)
    for _ in range(count):
        yield chance.choices(_MAKERS, _WEIGHTS)[0](chance, sources)


def _sources(seed: int) -> list[bytes]:
    return [message.frame for message in islice(live(World(seed), start=1_729_500_000, rate=1000.0), 4000)]


def wrong_types(seed: int) -> list[bytes]:
    """For the richest message of each topic up to some size: every field, with every wrong value."""
    found = list(_wrong_types(_sources(seed)))
    random.Random(seed).shuffle(found)
    return found


def _wrong_types(sources: list[bytes]) -> Iterator[bytes]:
    richest: dict[bytes, bytes] = {}
    for source in sources:
        topic = source.partition(b" ")[0]
        if len(richest.get(topic, b"")) < len(source) < 4000:
            richest[topic] = source
    for topic, source in richest.items():
        body = json.loads(source.partition(b" ")[2])
        for path in _paths(body):
            for wrong in WRONG:
                yield topic + b" " + json.dumps(_replaced(body, path, wrong)).encode()


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        for path in _paths(inner):
            yield (key, *path)


def _replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], by)
    return copy


def _noise(chance: random.Random, sources: list[bytes]) -> bytes:
    topic = chance.choice(sources).partition(b" ")[0] + b" " if chance.random() < 0.5 else b""
    return topic + chance.randbytes(chance.randrange(200))


def _truncated(chance: random.Random, sources: list[bytes]) -> bytes:
    source = chance.choice(sources)
    return source[: chance.randrange(len(source))]


def _flipped(chance: random.Random, sources: list[bytes]) -> bytes:
    frame = bytearray(chance.choice(sources))
    for _ in range(chance.randrange(1, 6)):
        frame[chance.randrange(len(frame))] = chance.randrange(256)
    return bytes(frame)


def _renamed(chance: random.Random, sources: list[bytes]) -> bytes:
    """Every text of a message is a hostile name."""
    topic, _, body = chance.choice(sources).partition(b" ")
    name = chance.choice(NAMES)

    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rename(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [rename(inner) for inner in value]
        return name if isinstance(value, str) and not value.isdigit() else value

    return topic + b" " + json.dumps(rename(json.loads(body)), ensure_ascii=chance.random() < 0.5).encode()


def _misspelt(chance: random.Random, sources: list[bytes]) -> bytes:
    """A value as no JSON, or no Python, can hold it."""
    parts = chance.choice(sources).split(b'":"')
    at = chance.randrange(len(parts))
    tail = parts[at].partition(b'"')[2] if at else b""
    parts[at : at + 1] = [b'x":' + chance.choice(SPELLINGS) + tail]
    return b'":"'.join(parts)


def _nested(chance: random.Random, sources: list[bytes]) -> bytes:
    topic = chance.choice(sources).partition(b" ")[0]
    opening, closing = chance.choice([(b"[", b"]"), (b'{"Event":', b"}"), (b'{"Attribute":[', b"]}")])
    depth = chance.choice([10, 100, 1000, 2000])
    return topic + b" " + opening * depth + b"1" + closing * (depth if chance.random() < 0.5 else 0)


def _unknown(chance: random.Random, sources: list[bytes]) -> bytes:
    body = chance.choice(sources).partition(b" ")[2]
    topic = chance.choice(
        [b"misp_json_ledger", b"misp_json_", b"MISP_JSON", b"x" * 200, b"\xff\xfe", b"", b"\n"]
    )
    return topic + b" " + body


def _huge(chance: random.Random, sources: list[bytes]) -> bytes:
    topic = chance.choice(sources).partition(b" ")[0]
    text = chance.choice(["x", "\u202e", "\U0001f47e"]) * chance.choice([10_000, 100_000, 1_000_000])
    body = {
        "Attribute": {
            "type": "text",
            "category": text,
            "value": text,
            "uuid": text,
            "timestamp": "1729500000",
        },
        "Event": {"id": "9", "info": text, "Orgc": {"id": "8", "name": text}},
        "Tag": {"name": text},
        "action": "add",
    }
    return topic + b" " + json.dumps(body, ensure_ascii=False).encode()


def _deepest(chance: random.Random, sources: list[bytes]) -> bytes:
    topic = chance.choice(sources).partition(b" ")[0]
    return topic + b" " + chance.choice([b"[", b'{"a":']) * 200_000


_MAKERS: tuple[Maker, ...] = (
    _noise, _truncated, _flipped, _renamed, _misspelt, _nested, _unknown, _huge, _deepest,
)  # fmt: skip
_WEIGHTS = (16, 20, 20, 16, 16, 6, 6, 0.02, 0.02)
