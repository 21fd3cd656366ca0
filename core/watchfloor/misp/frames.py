"""Frames as they come off the socket."""

from __future__ import annotations

import re

from watchfloor.misp.values import brief

_TOPIC = re.compile(rb"[\x21-\x7e]{1,80}")


def split(raw: bytes) -> tuple[str, bytes]:
    """The topic and the body of a frame `<topic> <JSON>`.

    A frame that starts with `{` is a `misp_json` of the times without topics. One that begins with
    nothing like a topic has its head, made printable, for a topic, and is its own body.
    """
    if raw.startswith(b"{"):
        return "misp_json", raw
    topic, _, body = raw.partition(b" ")
    if _TOPIC.fullmatch(topic):
        return topic.decode("ascii"), body
    return brief(topic[:80].decode("utf-8", "backslashreplace")) or "(none)", raw
