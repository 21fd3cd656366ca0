"""Live items and how they look on the wire: pure functions over a channel's latest items."""

from __future__ import annotations

import heapq
import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Position = tuple[int, int]
"""Where an item stands in the one sequence over all channels: its stream id, as numbers."""

START: Position = (0, 0)
HEARTBEAT = b":\n\n"
RETRY = b"retry: 1000\n\n"

_POSITION = re.compile(r"(\d{1,20})-(\d{1,20})", re.ASCII)
_encode = msgspec.json.Encoder().encode


class Item(NamedTuple):
    """One item of a channel. `frame` is its event; `skipped` tells of items left out before it, or is b""."""

    position: Position
    channel: str
    frame: bytes
    skipped: bytes = b""

    @property
    def whole(self) -> bytes:
        """What is sent to those who followed the channel all along."""
        return self.skipped + self.frame


def parse_position(text: str) -> Position:
    """The position that a text such as `1700000000000-0` names; ValueError if it names none."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text[:60]}' is not the id of a live item, such as 1700000000000-0")
    return int(match[1]), int(match[2])


def show_position(position: Position) -> str:
    """The id of the item at a position."""
    return f"{position[0]}-{position[1]}"


def event(name: str, data: object) -> bytes:
    """An event without an id, so that it does not move the browser's position."""
    return f"event: {name}\ndata: ".encode() + _encode(data) + b"\n\n"


def read_item(channel: str, entry: str, fields: Mapping[str, str]) -> Item:
    """An entry of a channel's stream: `d` is the item as JSON, `skipped` how many were left out before."""
    # A line break can only stand between the parts of a JSON text; on the wire it would end the data.
    data = re.sub(r"[\r\n]", " ", fields.get("d", "null")).encode(errors="surrogateescape")
    frame = f"id: {entry}\nevent: {channel}\ndata: ".encode() + data + b"\n\n"
    left_out = fields.get("skipped", "")
    told = b""
    if left_out.isdecimal():
        told = event("watchfloor/skipped", {"channel": channel, "count": int(left_out)})
    return Item(parse_position(entry), channel, frame, told)


class Track:
    """The latest items of a channel, at most `history`; a new browser gets the last `replay` of them."""

    def __init__(self, channel: str, replay: int, history: int) -> None:
        self.channel = channel
        self.replay = replay
        self.items: deque[Item] = deque(maxlen=history)

    @property
    def last(self) -> Position:
        """The position of the newest item."""
        return self.items[-1].position if self.items else START

    def since(self, position: Position) -> list[Item]:
        """The items behind a position, in order."""
        newest_first = iter(reversed(self.items))
        return list(_while_behind(newest_first, position))[::-1]

    def replayed(self, until: Position | None = None) -> list[Item]:
        """The last `replay` items, without those behind `until`."""
        latest = list(islice(reversed(self.items), self.replay))[::-1]
        return [item for item in latest if until is None or item.position <= until]

    def may_have_missed(self, position: Position) -> bool:
        """Whether items behind this position may have left the history."""
        return len(self.items) == self.items.maxlen and self.items[0].position > position


def _while_behind(items: Iterator[Item], position: Position) -> Iterator[Item]:
    for item in items:
        if item.position <= position:
            return
        yield item


def opening(tracks: Iterable[Track], last: Position | None, *, replay: bool) -> bytes:
    """What a browser gets first.

    `last` is the position it is at, None for one that comes anew. With `replay` it gets each channel's
    replayed items in any case, those it may have seen included.
    """
    tracks = list(tracks)
    gaps = [t.channel for t in tracks if last is not None and t.may_have_missed(last)]
    told = [event("watchfloor/gap", {"channel": channel, "missed": "some"}) for channel in gaps]
    old = [t.replayed(last) for t in tracks] if replay or last is None else []
    new = [t.since(last) for t in tracks] if last is not None else []
    frames = [item.frame for item in heapq.merge(*old)] + [item.whole for item in heapq.merge(*new)]
    return b"".join([RETRY, *told, *frames])
