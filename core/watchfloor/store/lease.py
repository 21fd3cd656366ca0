"""One holder of a role at a time, and transactions that only the holder can commit.

A lease is a key with a random token that expires. Every commit watches it: a process that was paused
for longer than its lease lasts finds its transaction refused, however late it wakes.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.exceptions import WatchError

from watchfloor.errors import LeaseLostError
from watchfloor.store.keys import LEASE

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

    from watchfloor.store.clients import Commands


def holder_of(redis: Commands, name: str) -> str | None:
    """Who holds the lease of this name, as host:process."""
    token = redis.get(LEASE(name=name))
    return token.decode(errors="replace").rpartition(":")[0] if token else None


class Lease:
    """The lease `name`, held for `seconds` after each commit or renewal.

    `redis` must be a connection that does not retry: a repeated EXEC would apply twice.
    """

    def __init__(self, redis: Redis, name: str, seconds: float) -> None:
        self.redis = redis
        self.name = name
        self.key = LEASE(name=name)
        self.milliseconds = int(seconds * 1000)
        self.token = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}".encode()

    def acquire(self) -> bool:
        """Take the lease if nobody holds it; True when it is ours."""
        taken = self.redis.set(self.key, self.token, nx=True, px=self.milliseconds)
        return bool(taken) or self.redis.get(self.key) == self.token

    def holder(self) -> str | None:
        """Who holds it, as host:process."""
        return holder_of(self.redis, self.name)

    def renew(self) -> None:
        """Keep it for another period; LeaseLostError when it is no longer ours."""
        self.commit(lambda _: None)

    def release(self) -> None:
        """Give it up, so that a standby need not wait; nothing happens when it is not ours."""
        try:
            self.commit(lambda pipe: pipe.delete(self.key))
        except LeaseLostError:
            return

    def commit(self, fill: Callable[[Pipeline], object]) -> list[Any]:
        """Apply what `fill` puts into the transaction, if the lease is still ours.

        Returns the replies to what `fill` put in, errors of single commands included as values.
        Raises LeaseLostError, with nothing applied, when another process holds the lease. On any other
        error it is unknown whether it was applied.
        """
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.watch(self.key)
            if pipe.get(self.key) != self.token:
                raise LeaseLostError(f"the lease '{self.name}' is held by another process")
            pipe.multi()
            pipe.pexpire(self.key, self.milliseconds)
            fill(pipe)
            try:
                return pipe.execute(raise_on_error=False)[1:]
            except WatchError as error:
                # The library says the same of a connection that broke while EXEC was on its way.
                if isinstance(error.__context__, RedisConnectionError | RedisTimeoutError):
                    raise error.__context__ from None
                raise LeaseLostError(f"the lease '{self.name}' changed hands") from error
