"""Recordings of a feed: a message a line.

A line is `topic json`, the time before it if there is one (`1795303388.123 misp_json {...}`), or a
JSON object `{"topic": ..., "payload": ..., "time": ...}`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from watchfloor.replay.times import said, seconds

_LINE = re.compile(rb"(?:(\d+(?:\.\d+)?)[ \t]+)?([A-Za-z_][^\s{\[\"]*)[ \t]+(\S.*)", re.DOTALL)


class Line(NamedTuple):
    """What a line says; `time` is its own, else MISP's inside the message, else None."""

    time: float | None
    topic: str
    body: bytes


class _Record(msgspec.Struct):
    topic: str
    payload: msgspec.Raw
    time: float | None = None


_record = msgspec.json.Decoder(_Record).decode


def parse(text: bytes) -> Line:
    """Read one line; ValueError says what is wrong with it."""
    try:
        time, topic, body = _parts(text.strip(b"\xef\xbb\xbf \t\r\n"))
        payload = msgspec.json.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return Line(seconds(time) or said(payload), topic, body)


def _parts(text: bytes) -> tuple[object, str, bytes]:
    if text[:1] == b"{":
        record = _record(text)
        return record.time, record.topic, bytes(record.payload)
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError("not `topic json`, nor a JSON object with topic and payload")
    time, topic, body = match.groups()
    return time and time.decode(), topic.decode(), body
