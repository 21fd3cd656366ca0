"""Connections to a Redis of the store's own, single or a cluster. None of them repeats a command."""

from __future__ import annotations

import re
from typing import Any

import redis
import redis.asyncio as aio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from watchfloor_hashstore.settings import StoreSettings


def connect(settings: StoreSettings) -> Any:
    """A waiting client, replies in bytes; nothing is sent before the first command but to a cluster.

    RedisError when there is no cluster.
    """
    options = _options(settings)
    if settings.cluster:
        try:
            return redis.RedisCluster.from_url(str(settings.url), **options)
        except RedisClusterException as error:  # which is no RedisError
            raise RedisConnectionError(str(error)) from error
    return redis.Redis.from_url(str(settings.url), retry=Retry(NoBackoff(), 0), **options)


def connect_async(settings: StoreSettings) -> Any:
    """An asyncio client like `connect`'s."""
    options = _options(settings)
    if settings.cluster:
        return aio.RedisCluster.from_url(str(settings.url), **options)
    return aio.Redis.from_url(str(settings.url), retry=AsyncRetry(NoBackoff(), 0), **options)


def place(settings: StoreSettings) -> str:
    """Where it is, without user and password."""
    return re.sub("//[^/]*@", "//", str(settings.url))


def _options(settings: StoreSettings) -> dict[str, Any]:
    return {
        "username": settings.username,
        "password": settings.password,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": min(settings.timeout, 5),
    }
