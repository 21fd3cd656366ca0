"""Many commands in one go, packed here: the client library takes longer for that than Redis for the answer.

Fields of one command are all as long as the first, so that joining them packs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis import RedisCluster
from redis.exceptions import ResponseError

from watchfloor import Key

_SHORT = 8


def packed(prefix: str, command: Sequence[Any]) -> bytes:
    """A command as it is sent.

    >>> packed("", ("HGET", "key", b"f"))
    b'*3\\r\\n$4\\r\\nHGET\\r\\n$3\\r\\nkey\\r\\n$1\\r\\nf\\r\\n'
    """
    first = [_bytes(prefix, part) for part in command[:2]]
    head = b"*%d\r\n" % len(command) + b"".join(map(_part, first))
    fields = command[2:]
    if len(fields) < _SHORT:
        return head + b"".join(_part(_bytes(prefix, field)) for field in fields)
    between = b"$%d\r\n" % len(fields[0])
    return head + between + (b"\r\n" + between).join(fields) + b"\r\n"


def _bytes(prefix: str, part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    return (prefix + part if isinstance(part, Key) else str(part)).encode("utf-8", "surrogateescape")


def _part(part: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(part), part)


def sent(redis: Any, commands: Sequence[Sequence[Any]], meanwhile: Callable[[], None]) -> list[Any]:
    """The replies to commands, sent together; the first error among them is raised.

    `meanwhile` is called when they are on their way; on a cluster, whose client does not tell, before.
    """
    if isinstance(redis, RedisCluster):
        meanwhile()
        with redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            told: list[Any] = pipe.execute()
            return told
    pool = redis.connection_pool
    connection = pool.get_connection()
    try:
        prefix = getattr(redis, "prefix", "")
        # One piece: the library makes a system call of each.
        connection.send_packed_command([b"".join([packed(prefix, command) for command in commands])])
        meanwhile()
        replies = [_reply(connection, command[0]) for command in commands]
    except BaseException:
        connection.disconnect()  # replies may still be on their way
        raise
    finally:
        pool.release(connection)
    for reply in replies:
        if isinstance(reply, ResponseError):
            raise reply
    return replies


def _reply(connection: Any, name: str) -> Any:
    try:
        reply = connection.read_response()
    except ResponseError as error:
        return error
    if name == "HGETALL" and isinstance(reply, list):
        return dict(zip(reply[::2], reply[1::2], strict=True))
    return reply
