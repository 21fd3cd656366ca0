"""The ledger of silences: stretches in which nothing came from a feed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from watchfloor.store.keys import SILENCES
from watchfloor.subscriber.states import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchfloor.store.clients import Commands

KEPT = 1000


class Silence(NamedTuple):
    """From the last that was heard to the next, in Unix seconds.

    `why`: silent (connected, yet nothing came), unreachable, refused, or not listening (no subscriber ran).
    """

    start: float
    end: float
    why: str


def record(pipe: Any, feed: str, silence: Silence) -> None:
    """Put a silence that is over into a transaction."""
    fields = ("from", f"{silence.start:.3f}", "to", f"{silence.end:.3f}", "why", silence.why)
    pipe.execute_command("XADD", SILENCES(feed=feed), "MAXLEN", "~", KEPT, "*", *fields)


def read(redis: Commands, feed: str, limit: int = 100) -> list[Silence]:
    """The silences of a feed, the newest first."""
    return [parse(fields) for _, fields in redis.xrevrange(SILENCES(feed=feed), count=limit)]


def parse(fields: Mapping[bytes, bytes]) -> Silence:
    """A silence from the fields of its entry."""
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Silence(number(text, "from"), number(text, "to"), text.get("why", "silent"))
