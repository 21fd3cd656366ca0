"""redis-py's clients, with the site's prefix before every `Key`; plain strings stay as they are.

Only what is sent is prefixed: names that Redis returns (XREAD's streams, a message's channel) carry
the prefix, which `prefix` tells.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from redis import client as sync
from redis.asyncio import client as aio

from watchfloor.contracts import Key


def on_the_wire(prefix: str, arguments: tuple[Any, ...]) -> list[Any]:
    """The arguments of a command as they are sent."""
    return [_argument(prefix, value) if isinstance(value, str) else value for value in arguments]


def _argument(prefix: str, value: str) -> str | bytes:
    if isinstance(value, Key):
        value = prefix + value
    # Names that are no UTF-8 are read with surrogateescape, and hiredis cannot send them back.
    return value if value.isascii() else value.encode("utf-8", "surrogateescape")


def _send(library: Any, prefix: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return library.execute_command(*on_the_wire(prefix, args), **options)


class Pipeline(sync.Pipeline):
    """A pipeline of `Redis`."""

    prefix = ""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command, or send it at once while watching."""
        return _send(super(), self.prefix, args, options)


class PubSub(sync.PubSub):
    """A subscription of `Redis`."""

    prefix = ""

    def subscribe(self, *names: Any, **handlers: Any) -> Any:
        """Subscribe to channels, as in redis-py."""
        return super().subscribe(*on_the_wire(self.prefix, names), **handlers)

    def unsubscribe(self, *names: Any) -> Any:
        """Give up channels, all of them when none is named."""
        library: Any = super()
        return library.unsubscribe(*on_the_wire(self.prefix, names))


# A client as one that reads sees it: redis-py's annotations leave open whether replies are decoded.
Commands: TypeAlias = Any


class Redis(sync.Redis):
    """A synchronous client; `where` is its URL as it may be shown."""

    prefix = ""
    where = ""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and wait for the reply."""
        return _send(super(), self.prefix, args, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """A new pipeline, by default one MULTI/EXEC."""
        pipe = Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.prefix = self.prefix
        return pipe

    def pubsub(self, **options: Any) -> PubSub:
        """A new subscription."""
        pubsub = PubSub(self.connection_pool, **options)
        pubsub.prefix = self.prefix
        return pubsub


class AsyncPipeline(aio.Pipeline):
    """A pipeline of `AsyncRedis`."""

    prefix = ""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Queue a command, or give an awaitable of its reply while watching."""
        return _send(super(), self.prefix, args, options)


class AsyncPubSub(aio.PubSub):
    """A subscription of `AsyncRedis`."""

    prefix = ""

    async def subscribe(self, *names: Any, **handlers: Any) -> None:
        """Subscribe to channels, as in redis-py."""
        await super().subscribe(*on_the_wire(self.prefix, names), **handlers)

    async def unsubscribe(self, *names: Any) -> None:
        """Give up channels, all of them when none is named."""
        library: Any = super()
        await library.unsubscribe(*on_the_wire(self.prefix, names))


class AsyncRedis(aio.Redis):
    """An asyncio client; `where` is its URL as it may be shown."""

    prefix = ""
    where = ""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and wait for the reply."""
        return await _send(super(), self.prefix, args, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPipeline:
        """A new pipeline, by default one MULTI/EXEC."""
        pipe = AsyncPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.prefix = self.prefix
        return pipe

    def pubsub(self, **options: Any) -> AsyncPubSub:
        """A new subscription."""
        pubsub = AsyncPubSub(self.connection_pool, **options)
        pubsub.prefix = self.prefix
        return pubsub
