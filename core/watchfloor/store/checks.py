"""Whether a Redis will keep what it is given, told before the first write."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

from redis import exceptions
from redis.sentinel import MasterNotFoundError

from watchfloor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from watchfloor.store.clients import Redis

OLDEST = (6, 2)

_EXPLANATIONS: tuple[tuple[type[Exception], str], ...] = (
    (
        exceptions.BusyLoadingError,
        "Redis at {where} is still loading its data: it can be used when that is done",
    ),
    (
        exceptions.AuthenticationError,
        "Redis at {where} refuses the password ({reason}): correct redis.password and redis.username",
    ),
    (
        exceptions.NoPermissionError,
        "Redis at {where} forbids its user something ({reason}): grant it with ACL SETUSER",
    ),
    (
        MasterNotFoundError,
        (
            "no Sentinel at {where} tells of a master by that name: start the Sentinels, "
            "or correct redis.url and redis.sentinel_password"
        ),
    ),
    (
        ssl.SSLError,
        "TLS with Redis at {where} fails ({reason}): correct redis.url, tls_ca, tls_cert and tls_key",
    ),
    (
        exceptions.ResponseError,
        "Redis at {where} answers with an error ({reason}): correct redis.url or its configuration",
    ),
    (
        exceptions.RedisError,
        (
            "Redis at {where} cannot be reached ({reason}): start it, correct redis.url, "
            "or use the private server with redis: {{url: embedded}}"
        ),
    ),
)


def check(client: Redis, patience: float = 30.0) -> list[str]:
    """Raise a StoreError if this Redis cannot serve; return warnings, one sentence each, if it can.

    A server that is still loading its data is waited for, `patience` seconds at most.
    """
    try:
        _wait_until_loaded(client, patience)
        info: dict[str, Any] = client.info()
        if problem := refusal(info):
            raise StoreError(f"Redis at {client.where} {problem}")
        return list(_warnings(client, info))
    except exceptions.RedisError as error:
        raise StoreError(explain(error, client.where)) from error


def explain(error: exceptions.RedisError, where: str) -> str:
    """One sentence on an error of the connection to `where`: what is wrong and what to do."""
    root = _root(error)
    sentence = next(text for kind, text in _EXPLANATIONS if isinstance(error, kind) or isinstance(root, kind))
    reason = root.strerror if isinstance(root, OSError) and root.strerror else str(error)
    return sentence.format(where=where, reason=" ".join(reason.split())[:200].rstrip("."))


def refusal(info: Mapping[str, Any]) -> str | None:
    """Why a server whose INFO is this cannot serve, as the end of a sentence; None when it can."""
    if info.get("redis_mode") == "sentinel":
        return "is a Sentinel: write redis.url as sentinel://host:26379/service"
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        return f"is version {version}, which is too old: upgrade it to 6.2 or later"
    if info.get("cluster_enabled"):
        return "is a cluster, which has no transactions over all keys: use a single server or Sentinel"
    if info.get("role") == "slave":
        master = f"{info.get('master_host')}:{info.get('master_port')}"
        return f"is a replica of {master}, which takes no writes: connect to that one, or through Sentinel"
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return (
            f"throws keys away when memory is short (maxmemory-policy is '{policy}'): "
            "run redis-cli CONFIG SET maxmemory-policy noeviction, and set it in its configuration file"
        )
    return None


def _wait_until_loaded(client: Redis, patience: float) -> None:
    deadline = time.monotonic() + patience
    while _is_loading(client, last=time.monotonic() > deadline):
        time.sleep(0.05)


def _is_loading(client: Redis, *, last: bool) -> bool:
    try:
        client.ping()
    except exceptions.BusyLoadingError:
        if last:
            raise
        return True
    return False


def _warnings(client: Redis, info: Mapping[str, Any]) -> Iterator[str]:
    if not info.get("aof_enabled") and not _takes_snapshots(client):
        yield (
            f"Redis at {client.where} keeps nothing on disk, so a restart of it loses everything: "
            "run redis-cli CONFIG SET appendonly yes, and set it in its configuration file"
        )


def _takes_snapshots(client: Redis) -> bool:
    try:
        return bool(client.config_get("save")["save"])
    except exceptions.ResponseError:
        # Hosted servers forbid CONFIG and have means of their own to keep data.
        return True


def _root(error: BaseException) -> BaseException:
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return error
