"""What handlers want done in Redis: recorded per message, merged over a batch, applied at once.

A `Recorder` hears one plugin's handlers and checks each write against what the plugin owns. `Merged`
adds up what was kept: a thousand messages that touch forty counters become forty commands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, NoReturn, TypeAlias

import msgspec

from watchfloor.contracts import Channel, Key, Keys, Kind

_encode_json = msgspec.json.Encoder().encode
_ADDED_UP = frozenset({"ZINCRBY", "INCRBY", "HINCRBY"})  # of the other verbs the last write stands
_MAX_LATITUDE = 85.05112878  # Redis takes no more
_DAY = 86_400
_MOST = 1000  # items of one entry of a stream, so that who reads it knows how much that can be
ITEMS = b"items"
"""The field of a stream's entry that holds its items, a JSON array."""


Op: TypeAlias = tuple[str, Key, bytes, Any]
"""One write: verb, key, member or hash field (b"" where the verb takes none), value."""


class Recorder:
    """Hears the writes of one plugin's handlers for one message at a time.

    `families` are those that the plugin declared, by pattern: a key may come from another family of the
    same pattern, but what was declared holds. `channels` are those it declared.
    """

    def __init__(self, plugin: str, families: Mapping[str, Keys], channels: Iterable[Channel] = ()) -> None:
        self.plugin = plugin
        self._families = dict(families)
        self._channels = {channel.name for channel in channels}
        self.ops: list[Op] = []
        self.items: list[tuple[str, bytes]] = []
        self.touched: set[str] = set()

    def clear(self) -> None:
        """Forget what was recorded: the next message begins."""
        self.ops.clear()
        self.items.clear()
        self.touched.clear()

    def _record(self, kind: Kind | None, verb: str, key: Key, field: str = "", value: Any = None) -> None:
        declared = self._families.get(key.family.pattern) if isinstance(key, Key) else None
        if declared is None or (kind is not None and declared.kind != kind):
            self._refuse(verb, key, declared)
        # Text is encoded here, so that what UTF-8 cannot hold costs this message and not the batch.
        if not key.isascii():
            key.encode()
        self.ops.append((verb, key, field.encode(), value))

    def _refuse(self, verb: str, key: object, declared: Keys | None) -> NoReturn:
        if not isinstance(key, Key):
            raise TypeError(f"{verb} takes a key made by a declared family, not {key!r}")
        if declared is None:
            raise PermissionError(
                f"{verb} {key}: plugin '{self.plugin}' did not declare {key.family.pattern}"
            )
        raise TypeError(f"{verb} {key}: the family is declared as a {declared.kind}")

    def retention(self, key: Key) -> timedelta | None:
        """How long a key is kept, by the declaration of its family."""
        declared = self._families.get(key.family.pattern)
        return declared.retention if declared else None

    def zincrby(self, key: Key, amount: float, member: str) -> None:
        """Add to a member's score."""
        self._record("zset", "ZINCRBY", key, member, _number(amount))

    def zadd(self, key: Key, score: float, member: str) -> None:
        """Set a member's score."""
        self._record("zset", "ZADD", key, member, _number(score))

    def zrem(self, key: Key, member: str) -> None:
        """Remove a member."""
        self._record("zset", "ZREM", key, member)

    def incrby(self, key: Key, amount: int = 1) -> None:
        """Add to a counter."""
        self._record("string", "INCRBY", key, value=_integer(amount))

    def set(self, key: Key, value: str) -> None:
        """Set a text."""
        self._record("string", "SET", key, value=value.encode())

    def sadd(self, key: Key, member: str) -> None:
        """Add a member to a set."""
        self._record("set", "SADD", key, member)

    def srem(self, key: Key, member: str) -> None:
        """Remove a member from a set."""
        self._record("set", "SREM", key, member)

    def hincrby(self, key: Key, name: str, amount: int = 1) -> None:
        """Add to a field of a hash."""
        self._record("hash", "HINCRBY", key, name, _integer(amount))

    def hset(self, key: Key, name: str, value: str) -> None:
        """Set a field of a hash."""
        self._record("hash", "HSET", key, name, value.encode())

    def hdel(self, key: Key, name: str) -> None:
        """Remove a field of a hash."""
        self._record("hash", "HDEL", key, name)

    def geoadd(self, key: Key, longitude: float, latitude: float, member: str) -> None:
        """Put a member at a place, in degrees; Redis takes latitudes up to 85.05112878."""
        place = _number(longitude), _number(latitude)
        if not (abs(place[0]) <= 180 and abs(place[1]) <= _MAX_LATITUDE):
            raise ValueError(f"no place Redis could hold: longitude {longitude}, latitude {latitude}")
        self._record("geo", "GEOADD", key, member, place)

    def xadd(self, key: Key, item: object) -> None:
        """Append an item, anything that JSON can hold, to a stream; a batch's items become few entries."""
        self._record("stream", "XADD", key, value=_encode_json(item))

    def xdel(self, key: Key, entry: str) -> None:
        """Remove an entry of a stream, by its id."""
        self._record("stream", "XDEL", key, entry)

    def delete(self, key: Key) -> None:
        """Delete the key."""
        self._record(None, "DEL", key)

    def expire(self, key: Key, seconds: int) -> None:
        """Let the key expire; its family must not declare a retention, which would win."""
        if (retention := self.retention(key)) is not None:
            raise TypeError(f"EXPIRE {key}: its family is kept for {retention}")
        self._record(None, "EXPIRE", key, value=_integer(seconds))

    def publish(self, channel: Channel, item: Mapping[str, object]) -> None:
        """Send an item to the browsers on a channel that the plugin declared."""
        if channel.name not in self._channels:
            raise PermissionError(f"plugin '{self.plugin}' did not declare the channel '{channel.name}'")
        self.items.append((channel.name, _encode_json(item)))

    def touch(self, what: str) -> None:
        """Have after_commit look at this."""
        if what not in self.touched:
            what.encode()
            self.touched.add(what)


def _number(value: float) -> float:
    """As a number that the client library can send: booleans and subclasses are others."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"an amount or score is a finite number, not {value!r}")
    return value if type(value) in (int, float) else float(value)


def _integer(value: int) -> int:
    if not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise TypeError(f"an amount is a whole number of 64 bits, not {value!r}")
    return int(value)


class Merged:
    """The writes of a batch, merged; the order of different verbs on one key is kept."""

    def __init__(self) -> None:
        self._runs: dict[Key, list[tuple[str, str, dict[Any, Any]]]] = {}
        self._retention: dict[Key, timedelta] = {}
        self.items: dict[tuple[str, str], list[bytes]] = {}
        self.touched: dict[str, set[str]] = {}

    def add(self, recorder: Recorder) -> None:
        """Take over what a recorder heard for one message."""
        for verb, key, field, value in recorder.ops:
            runs = self._runs.get(key)
            if runs is None:
                runs = self._runs[key] = []
                if (retention := recorder.retention(key)) is not None:
                    self._retention[key] = retention
            if not runs or runs[-1][1] != verb:
                runs.append((recorder.plugin, verb, {}))
            fields = runs[-1][2]
            if verb == "XADD":  # one of them never takes another's place
                fields[len(fields)] = value
            else:
                fields[field] = fields[field] + value if verb in _ADDED_UP and field in fields else value
        for channel, item in recorder.items:
            self.items.setdefault((recorder.plugin, channel), []).append(item)
        if recorder.touched:
            self.touched.setdefault(recorder.plugin, set()).update(recorder.touched)

    def commands(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The plugin and the Redis command of each merged write, expiries of retention included."""
        for key, runs in self._runs.items():
            for plugin, verb, fields in runs:
                for command in _commands(verb, key, fields):
                    yield plugin, command
            if key in self._retention:
                yield runs[-1][0], _expiry(key, self._retention[key])


def _expiry(key: Key, retention: timedelta) -> tuple[Any, ...]:
    kept = int(retention.total_seconds())
    if key.day is None:
        return ("EXPIRE", key, kept)
    # In seconds, for a retention that is meant as "for ever" may lead beyond the calendar.
    return ("EXPIREAT", key, int(datetime.combine(key.day, time(), UTC).timestamp()) + kept + _DAY)


def _commands(verb: str, key: Key, fields: dict[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """The commands of a run of one verb: one for all its members where Redis takes them together."""
    if verb in ("SADD", "SREM", "ZREM", "HDEL", "XDEL"):
        yield (verb, key, *fields)
    elif verb == "ZADD":
        yield (verb, key, *(part for member, score in fields.items() for part in (score, member)))
    elif verb == "GEOADD":
        yield (verb, key, *(part for member, place in fields.items() for part in (*place, member)))
    elif verb == "HSET":
        yield (verb, key, *(part for pair in fields.items() for part in pair))
    elif verb == "XADD":
        items = list(fields.values())
        for start in range(0, len(items), _MOST):
            yield (verb, key, "*", ITEMS, b"[%b]" % b",".join(items[start : start + _MOST]))
    elif verb == "DEL":
        yield (verb, key)
    else:
        yield from (_single(verb, key, field, value) for field, value in fields.items())


def _single(verb: str, key: Key, field: bytes, value: Any) -> tuple[Any, ...]:
    if verb == "ZINCRBY":
        return (verb, key, value, field)
    return (verb, key, field, value) if verb == "HINCRBY" else (verb, key, value)
