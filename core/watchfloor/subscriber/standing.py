"""What the subscribers of a feed tell each other, in the fields of its state.

`keeper` is who stored last, `stored` the id of the last message that a subscriber stored (a replay is
none), and from `covered` on (Unix milliseconds) they have missed nothing so far.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from watchfloor.store.keys import FEED_STATS, STREAM
from watchfloor.store.streams import Id, format_id, parse_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchfloor.store.clients import Commands


@dataclass(frozen=True)
class Standing:
    """What a subscriber finds when it gets the lease.

    `keeper` is this process, an earlier one with the same spool (home), or another. `frame` is the message
    stored last, if it is still there; `listening` (Unix seconds) the last sign of life.
    """

    keeper: Literal["nobody", "self", "home", "other"]
    stored: Id
    frame: bytes | None
    covered: int
    listening: float


def read_standing(redis: Commands, feed: str, home: str, process: str) -> Standing:
    """Ask Redis; `home` is the name of the spool, "" without one."""
    stats: Mapping[bytes, bytes] = redis.hgetall(FEED_STATS(feed=feed))
    stored = parse_id(stats.get(b"stored", b""))
    entries = redis.xrange(STREAM(feed=feed), format_id(stored), format_id(stored))
    return Standing(
        _who(stats.get(b"keeper", b"").decode(), home, process),
        stored,
        entries[0][1].get(b"m") if entries else None,
        int(_number(stats, b"covered")),
        _number(stats, b"listening"),
    )


def _who(keeper: str, home: str, process: str) -> Literal["nobody", "self", "home", "other"]:
    its_home, _, its_process = keeper.partition("/")
    if not keeper:
        return "nobody"
    if its_process == process:
        return "self"
    return "home" if home and its_home == home else "other"


def _number(fields: Mapping[bytes, bytes], name: bytes) -> float:
    with suppress(ValueError):
        return float(fields.get(name, 0))
    return 0.0
