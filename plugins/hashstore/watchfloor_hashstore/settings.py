"""The settings of the hash store."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from watchfloor import Secret

Count = Annotated[int, Meta(ge=1, le=2**31)]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]


class MysqlSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """MISP's database, read only; the names are PyMySQL's. `unix_socket` wins over host and port.

    Any setting of `ssl_` that is not null demands TLS, with certificate and name of the server checked unless
    that is false.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 3306
    unix_socket: str | None = None
    user: str = "misp"
    password: Secret = ""
    database: str = "misp"
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 600
    ssl_ca: str | None = None
    ssl_cert: str | None = None
    ssl_key: str | None = None
    ssl_key_password: Secret | None = None
    ssl_verify_cert: bool | None = None
    ssl_verify_identity: bool | None = None


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A Redis of the store's own: null takes the core's. `cluster` when the URL names a node of one."""

    url: Annotated[str, Meta(pattern=r"^(redis|rediss|unix)://.+")] | None = None
    cluster: bool = False
    username: str | None = None
    password: Secret | None = None
    timeout: Seconds = 30


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What one request, and one address, may ask for."""

    values: Count = 100_000
    body: Count = 64 * 1024 * 1024
    tries: Count = 10
    tries_seconds: Seconds = 60


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the store is, and what it is filled from.

    `authkeys`: which of MISP's API keys count; `auto` is advanced where there are any. `unpublishedprivate`
    as the instance has `MISP.unpublishedprivate`. `feed`: the feed that keeps the store current; null is
    every one, right where there is one MISP. `misp_url`: where links to events lead; "" is the `misp_url` of
    the feed. `stale_days`: how old an import may be before the Health page warns; null is never.
    """

    mysql: MysqlSettings = MysqlSettings()
    redis: StoreSettings = StoreSettings()
    authkeys: Literal["auto", "legacy", "advanced"] = "auto"
    unpublishedprivate: bool = False
    feed: str | None = None
    live: bool = True
    misp_url: Annotated[str, Meta(pattern=r"^(https?://.+)?$")] = ""
    stale_days: Annotated[int, Meta(ge=1, le=3650)] | None = 7
    limits: LimitSettings = LimitSettings()
