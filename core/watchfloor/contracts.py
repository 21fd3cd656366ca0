"""The values that plugins hand to the core: what a hook returns, and what a handler is given.

They are frozen, so that the core can check, list, document and own them before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from watchfloor.misp import Activity, Message

Kind = Literal["string", "hash", "set", "zset", "geo", "stream"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ESCAPED_COLON = re.compile(r"%(?=(?:25)*3A)")


def escape(part: str) -> str:
    """Make a name safe as one part of a key: `:` becomes `%3A`, reversibly.

    >>> escape("CERT:EU"), unescape(escape("CERT:EU"))
    ('CERT%3AEU', 'CERT:EU')
    """
    return _ESCAPED_COLON.sub("%25", part).replace(":", "%3A")


def unescape(part: str) -> str:
    """Undo `escape`."""
    return re.sub(r"%(25)*3A", lambda m: "%" + m[0][3:] if m[1] else ":", part)


class Key(str):
    """The name of a Redis key, without the site's prefix, which the connection adds."""

    __slots__ = ("day", "family")

    family: Keys
    day: date | None


@dataclass(frozen=True)
class Keys:
    """A family of Redis keys: a pattern such as `TRENDINGS_TAGS:{date}`, owned by one plugin.

    `kind` is the Redis type of every key of the family. `retention` is how long a key is kept: from
    its `{date}` where the pattern has one, else from its last write; None keeps it. `meaning` is one
    sentence for people. Calling a family with its parts gives a `Key`; a part `date` is a day and is
    written YYYYMMDD, every other part is text in which `:` is escaped.
    """

    pattern: str
    kind: Kind
    meaning: str
    retention: timedelta | None = None

    def __call__(self, **parts: object) -> Key:
        """The key of these parts; a missing or unknown part is a TypeError, an empty one a ValueError."""
        cached = self._made.get(tuple(parts.values()))
        if cached is not None and cached[0] == tuple(parts):
            return cached[1]
        return self._make(parts)

    @cached_property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the parts, in order."""
        return tuple(_PLACEHOLDER.findall(self.pattern))

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches the whole name of any key of the family; its groups are the parts, in order."""
        pieces = _PLACEHOLDER.split(self.pattern)
        return re.compile(
            "".join(
                re.escape(piece) if i % 2 == 0 else (r"(\d{8})" if piece == "date" else "([^:]+)")
                for i, piece in enumerate(pieces)
            ),
            re.DOTALL,
        )

    @cached_property
    def _made(self) -> dict[tuple[object, ...], tuple[tuple[str, ...], Key]]:
        return {}

    def _make(self, parts: Mapping[str, object]) -> Key:
        if set(parts) != set(self.placeholders):
            raise TypeError(f"{self.pattern} takes {self.placeholders}, not {tuple(parts)}")
        day = _day(parts["date"]) if "date" in parts else None
        texts = {
            name: day.strftime("%Y%m%d") if name == "date" and day else escape(str(value))
            for name, value in parts.items()
        }
        if not all(texts.values()):
            raise ValueError(f"a part of the key {self.pattern} is empty: {texts}")
        key = Key(self.pattern.format(**texts))
        key.family, key.day = self, day
        if len(self._made) > 10_000:
            self._made.clear()
        self._made[tuple(parts.values())] = (tuple(parts), key)
        return key


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise TypeError(f"the part `date` of a key is a date, not {type(value).__name__}")


@dataclass(frozen=True)
class Channel:
    """A named live stream to browsers, `<plugin>/<name>`; a new page gets the last `replay` items."""

    name: str
    replay: int = 0


class Writes(Protocol):
    """What a handler wants done in Redis, recorded now and applied later in one transaction.

    Keys come from the plugin's own families; any other key, or a command that does not fit the
    family's kind, raises and costs the plugin this message. Amounts add up over a batch.
    """

    def zincrby(self, key: Key, amount: float, member: str) -> None:
        """Add to a member's score."""

    def zadd(self, key: Key, score: float, member: str) -> None:
        """Set a member's score."""

    def zrem(self, key: Key, member: str) -> None:
        """Remove a member."""

    def incrby(self, key: Key, amount: int = 1) -> None:
        """Add to a counter."""

    def set(self, key: Key, value: str) -> None:
        """Set a text."""

    def sadd(self, key: Key, member: str) -> None:
        """Add a member to a set."""

    def srem(self, key: Key, member: str) -> None:
        """Remove a member from a set."""

    def hincrby(self, key: Key, name: str, amount: int = 1) -> None:
        """Add to a field of a hash."""

    def hset(self, key: Key, name: str, value: str) -> None:
        """Set a field of a hash."""

    def hdel(self, key: Key, name: str) -> None:
        """Remove a field of a hash."""

    def geoadd(self, key: Key, longitude: float, latitude: float, member: str) -> None:
        """Put a member at a place, in degrees; Redis takes latitudes up to 85.05112878."""

    def xadd(self, key: Key, item: object) -> None:
        """Append an item, anything that JSON can hold, to a stream; a batch's items become few entries."""

    def xdel(self, key: Key, entry: str) -> None:
        """Remove an entry of a stream, by its id."""

    def delete(self, key: Key) -> None:
        """Delete the key."""

    def expire(self, key: Key, seconds: int) -> None:
        """Let a key of a family without retention of its own expire."""

    def publish(self, channel: Channel, item: Mapping[str, object]) -> None:
        """Send an item, JSON as an object, to the browsers on a channel."""

    def touch(self, what: str) -> None:
        """Have `after_commit` look at this once the transaction is through."""


@dataclass(frozen=True)
class Handler:
    """`function(activity, writes)` runs for each activity of that type, or of a subtype.

    It is pure: no I/O, no state. What it raises costs this plugin this message and is kept as a
    failure that can be retried. With `audience: community` it gets what everyone may see; all the rest too
    if it is `entitled`: for what is shown to those alone who may see it, and must be told who no longer may.
    """

    activity: type[Activity]
    function: Callable[[Any, Writes], None]
    entitled: bool = False


@dataclass(frozen=True)
class RawHandler:
    """`function(message, writes)` runs for each message of a topic that the core does not know."""

    topic: str
    function: Callable[[Message, Writes], None]


class Reads(Protocol):
    """Reading Redis for `after_commit`: the same connection as the transaction that follows."""

    def zscores(self, key: Key, members: Sequence[str]) -> list[float | None]:
        """The scores of members of a zset, None where there is none."""

    def ztop(self, key: Key, count: int) -> list[tuple[str, float]]:
        """The members with the highest scores, highest first."""

    def get(self, key: Key) -> str | None:
        """A string, None where there is none."""

    def members(self, key: Key) -> set[str]:
        """The members of a set."""

    def hash(self, key: Key) -> dict[str, str]:
        """The fields of a hash."""

    def entries(self, key: Key, count: int) -> list[tuple[str, bytes]]:
        """The first entries of a stream: the id of each, and its items as a JSON array."""


class RedisAccess(Protocol):
    """The core's Redis, for `resources`: where it is, is known once the process runs."""

    def connect(self) -> Any:
        """redis-py's client, replies in bytes. RuntimeError before the resources are entered."""


AfterCommit = Callable[[Iterable[str], Reads, Writes], bool | None]
"""`function(touched, reads, writes)`: True when there is more to do, and it is to run again with the same."""


class Terminal(Protocol):
    """What a plugin's command gets with `@click.pass_obj`."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are cut."""

    @property
    def redis(self) -> Any:
        """redis-py's client, replies in bytes; connected when it is first asked for."""


def _nothing(_terminal: Terminal, _url: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Demo:
    """What a plugin does in a demo, whose data is invented.

    `function(terminal, url)` gives sentences for the person who started it; `url` is that of the pages,
    without a slash at its end. With `defaults` a demo takes the plugin's default settings, whatever the
    configuration says: for a plugin that can be pointed at real data other than the core's Redis.
    """

    function: Callable[[Terminal, str], Iterable[str]] = _nothing
    defaults: bool = False
