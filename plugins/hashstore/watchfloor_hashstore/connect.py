"""Connections to a Redis of the store's own, single or a cluster. None of them repeats a command."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio as aio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from watchfloor_hashstore.settings import StoreSettings


def connect(settings: StoreSettings) -> Any:
    """A waiting client, replies in bytes; nothing is sent before the first command but to a cluster."""
    options = _options(settings)
    if settings.cluster:
        return redis.RedisCluster.from_url(str(settings.url), **options)
    return redis.Redis.from_url(str(settings.url), retry=Retry(NoBackoff(), 0), **options)


def connect_async(settings: StoreSettings) -> Any:
    """An asyncio client like `connect`'s."""
    options = _options(settings)
    if settings.cluster:
        return aio.RedisCluster.from_url(str(settings.url), **options)
    return aio.Redis.from_url(str(settings.url), retry=AsyncRetry(NoBackoff(), 0), **options)


def _options(settings: StoreSettings) -> dict[str, Any]:
    return {
        "username": settings.username,
        "password": settings.password,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": min(settings.timeout, 5),
    }
