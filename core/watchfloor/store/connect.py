"""Connections to Redis, from the settings and a URL. None of them ever repeats a command.

A command whose reply was lost may have been applied: the client library would send it again, a whole
MULTI/EXEC included, and count twice. So an error goes to the caller, who knows what to do about it.
A pooled connection that died while idle is noticed before it is used, and replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from watchfloor.errors import ConfigError
from watchfloor.store.clients import AsyncRedis, Redis
from watchfloor.store.urls import Target, parse, redact

if TYPE_CHECKING:
    from watchfloor.config.settings import RedisSettings


def connect(settings: RedisSettings, url: str, *, role: str) -> Redis:
    """A synchronous client with replies in bytes, named `watchfloor-<role>` in CLIENT LIST.

    Nothing is sent before the first command. `url` is any but `embedded`; user name and password of
    the settings win over the URL's. A reply must come within `settings.timeout` seconds, so a
    blocking read (XREAD with `block`) has to ask for less. A faulty URL is a ConfigError.
    """
    target = parse(url)
    options = _options(settings, target, role) | {"retry": Retry(NoBackoff(), 0)}
    client: Redis = _client(Redis, _Sentinel, target, options, settings.sentinel_password)
    client.prefix, client.where = settings.prefix, redact(url)
    return client


def connect_async(settings: RedisSettings, url: str, *, role: str) -> AsyncRedis:
    """An asyncio client like `connect`'s, with replies in str; what is no UTF-8 is surrogate-escaped."""
    target = parse(url)
    options = _options(settings, target, role) | {
        "retry": AsyncRetry(NoBackoff(), 0),
        "decode_responses": True,
        "encoding_errors": "surrogateescape",
    }
    client: AsyncRedis = _client(AsyncRedis, _AsyncSentinel, target, options, settings.sentinel_password)
    client.prefix, client.where = settings.prefix, redact(url)
    return client


class _Sentinel(Sentinel):
    """Keeps no connection to the Sentinels: when a failover comes, an idle one may be dead."""

    def discover_master(self, service_name: str) -> Any:
        library: Any = super()
        try:
            return library.discover_master(service_name)
        finally:
            for client in self.sentinels:
                client.close()


class _AsyncSentinel(AsyncSentinel):
    """Likewise."""

    async def discover_master(self, service_name: str) -> Any:
        try:
            return await super().discover_master(service_name)
        finally:
            for client in self.sentinels:
                await client.aclose()


def _client(kind: Any, sentinel: Any, target: Target, options: dict[str, Any], password: str | None) -> Any:
    """A client of a kind, synchronous or asyncio, with the Sentinel that belongs to it."""
    if target.path is not None:
        return kind(unix_socket_path=target.path, **options)
    if target.service is None:
        host, port = target.hosts[0]
        return kind(host=host, port=port, **options)
    shared = {
        name: value
        for name, value in options.items()
        if name.startswith(("socket_", "ssl")) or name in ("retry", "protocol")
    }
    sentinels = sentinel(target.hosts, sentinel_kwargs=shared | {"password": password}, **options)
    return sentinels.master_for(target.service, redis_class=kind)


def _options(settings: RedisSettings, target: Target, role: str) -> dict[str, Any]:
    return {
        "db": target.db,
        "username": target.username if settings.username is None else settings.username,
        "password": target.password if settings.password is None else settings.password,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.timeout,
        "health_check_interval": 0,
        "client_name": f"watchfloor-{role}",
        "protocol": 2,
        **_tls(settings, target),
    }


def _tls(settings: RedisSettings, target: Target) -> dict[str, Any]:
    files = {name: getattr(settings, name) for name in ("tls_ca", "tls_cert", "tls_key")}
    given = {name: path for name, path in files.items() if path is not None}
    if not target.tls:
        if given and target.hosts:
            raise ConfigError(
                f"redis.{next(iter(given))} is set, but redis.url is not encrypted: "
                "use rediss:// or sentinels://, or leave it out"
            )
        return {}
    for name, path in given.items():
        if not Path(path).is_file():
            raise ConfigError(f"redis.{name}: there is no file '{path}'")
    return {
        "ssl": True,
        "ssl_ca_certs": settings.tls_ca,
        "ssl_certfile": settings.tls_cert,
        "ssl_keyfile": settings.tls_key,
        "ssl_cert_reqs": "required" if settings.tls_verify else "none",
        "ssl_check_hostname": settings.tls_verify,
    }
