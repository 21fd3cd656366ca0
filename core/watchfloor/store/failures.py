"""Messages that could not be worked off: kept in a bounded stream, counted for ever.

`kind` says why: `handler` (a plugin raised), `slow` (took too long), `undecodable`, `unknown-topic`,
`oversized`, `fatal` (took the worker down three times), `redis` (a command of the commit failed),
`after-commit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from watchfloor.misp.model import Message
from watchfloor.store.keys import FAILURE_COUNTS, FAILURES

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

KEPT_BYTES = 1024 * 1024
RETRIABLE = frozenset({"handler", "slow", "undecodable", "unknown-topic", "fatal"})


class Failure(Struct, frozen=True, kw_only=True):
    """One failure. `plugin` is "core" where none is to blame.

    `raw` is the frame's body, at most KEPT_BYTES of it (`size` tells the whole); `versions` marks each
    version that the message holds as new ("1") or seen ("0"), so that a retry sees what was seen then.
    """

    plugin: str
    kind: str
    error: str
    feed: str = ""
    id: str = ""
    topic: str = ""
    raw: bytes = b""
    size: int = 0
    at: float = 0.0
    versions: str = ""
    entry: str = ""

    @property
    def retriable(self) -> bool:
        """Whether the whole message is there and running it again makes sense."""
        return self.kind in RETRIABLE and bool(self.topic) and self.size <= len(self.raw)

    @property
    def message(self) -> Message:
        """The message as it was."""
        return Message(self.feed, self.topic, self.raw, self.at, self.id)


def of(message: Message, plugin: str, kind: str, error: str, versions: str = "") -> Failure:
    """A failure of this message."""
    return Failure(
        plugin=plugin,
        kind=kind,
        error=error,
        feed=message.feed,
        id=message.id,
        topic=message.topic,
        raw=message.body[:KEPT_BYTES],
        size=len(message.body),
        at=message.received,
        versions=versions,
    )


_TEXTS = ("plugin", "kind", "error", "feed", "id", "topic", "versions")


def add(pipe: Any, failure: Failure, kept: int) -> None:
    """Put a failure into a transaction: its record, the bound of the stream, and the count."""
    fields: list[object] = []
    for name in _TEXTS:
        fields += [name, str(getattr(failure, name)).encode(errors="replace")]
    fields += ["raw", failure.raw, "size", failure.size, "at", repr(failure.at)]
    pipe.execute_command("XADD", FAILURES(), "MAXLEN", "~", kept, "*", *fields)
    count(pipe, failure)


def count(pipe: Any, failure: Failure, amount: int = 1) -> None:
    """Put only the count of a failure into a transaction."""
    pipe.execute_command("HINCRBY", FAILURE_COUNTS(), f"{failure.plugin}:{failure.kind}", amount)


def read(redis: Commands, limit: int = 100, plugin: str | None = None) -> list[Failure]:
    """The newest failures first, of one plugin or all."""
    found: list[Failure] = []
    for failure in _newest_first(redis):
        if plugin is None or failure.plugin == plugin:
            found.append(failure)
        if len(found) >= limit:
            break
    return found


def _newest_first(redis: Commands) -> Iterator[Failure]:
    end = "+"
    while entries := redis.xrevrange(FAILURES(), end, "-", count=100):
        for entry, fields in entries:
            yield _parse(entry, fields)
        end = f"({entries[-1][0].decode()}"


def get(redis: Commands, entry: str) -> Failure | None:
    """One failure by the id of its entry."""
    entries = redis.xrange(FAILURES(), entry, entry)
    return _parse(*entries[0]) if entries else None


def drop(redis: Commands, entries: Sequence[str]) -> int:
    """Remove records; how many there were."""
    return int(redis.xdel(FAILURES(), *entries)) if entries else 0


def counts(redis: Commands) -> dict[str, int]:
    """`plugin:kind` -> how many failures ever."""
    return {name.decode(): int(value) for name, value in redis.hgetall(FAILURE_COUNTS()).items()}


def _parse(entry: bytes, fields: dict[bytes, bytes]) -> Failure:
    def text(name: str) -> str:
        return fields.get(name.encode(), b"").decode(errors="replace")

    return Failure(
        **{name: text(name) for name in _TEXTS},
        raw=fields.get(b"raw", b""),
        size=int(text("size") or 0),
        at=float(text("at") or 0),
        entry=entry.decode(),
    )
