"""The commands that a Redis is sent, as MONITOR tells them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Command = list[bytes]
_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(?:x([0-9a-f]{2})|(.))", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


@contextmanager
def recorded(redis: Any) -> Iterator[list[Command]]:
    """Collects the commands of all clients, those within scripts as well; complete when the block ends."""
    found: list[Command] = []
    with redis.monitor() as monitor:
        yield found
        end = secrets.token_hex().encode()
        redis.echo(end)
        while (command := _command(monitor.connection.read_response())) != [b"ECHO", end]:
            found.append(command)


def _command(line: Any) -> Command:
    raw = line if isinstance(line, bytes) else line.encode("latin-1")
    return [_ESCAPED.sub(_unescaped, argument) for argument in _ARGUMENT.findall(raw)]


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else _PLAIN.get(match[2], match[2])


def shapes(commands: list[Command], *families: str) -> list[tuple[str, ...]]:
    """What is to be seen of commands on keys of these families from outside: their names and lengths.

    In which of its keys a family has something is left out: of entries the hash alone decides that.
    """
    found: list[tuple[str, ...]] = []
    for name, key, *rest in (command for command in commands if len(command) > 1):
        if _family(key) == "HASHSTORE_ENTRIES" in families:
            found += [(name.decode(), _family(key), str(len(part))) for part in rest]
        elif _family(key) in families:
            found.append((name.decode(), _family(key), *(str(len(part)) for part in rest)))
    return found


def _family(key: bytes) -> str:
    return key.split(b":")[0].decode(errors="replace")
