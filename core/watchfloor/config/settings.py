"""The settings of the core: their names, types and defaults, and nothing else.

Plugins declare theirs in the same way (`settings_schema`). A field typed `Secret` is never shown.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Secret = Annotated[str, Meta(extra={"secret": True})]
Seconds = Annotated[float, Meta(ge=0.001, le=31_536_000)]
Count = Annotated[int, Meta(ge=1, le=2**53)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
MIB = 1024 * 1024


class RedisSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the data lives.

    `url` is `embedded` (a private server with its data under `data`), `redis://`, `rediss://`,
    `unix://`, or `sentinel://host:26379,host:26379/service?db=0`.
    """

    url: str = "embedded"
    username: str | None = None
    password: Secret | None = None
    prefix: str = ""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_verify: bool = True
    sentinel_password: Secret | None = None
    timeout: Seconds = 5.0


class FeedSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One MISP instance's ZMQ publisher, with PLAIN or CURVE credentials if it asks for them.

    A CURVE server that lets anyone in who knows its key needs `curve_server_key` alone. `misp_url` is the
    address of the instance's own pages, such as https://misp.example: what is shown links there.
    """

    name: Name
    url: Annotated[str, Meta(pattern=r"^(tcp|ipc)://.+")]
    username: str | None = None
    password: Secret | None = None
    curve_server_key: str | None = None
    curve_public_key: str | None = None
    curve_secret_key: Secret | None = None
    max_message: Count = 64 * MIB
    misp_url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")] | None = None


class SubscriberSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How feeds are listened to. MISP sends a keep-alive after 10 idle seconds."""

    quiet_after: Seconds = 30.0
    silent_after: Seconds = 300.0
    group: Count = 500
    spool_limit: Count = 4096 * MIB
    memory_limit: Count = 1024 * MIB


class WorkerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages are worked off. `remember_days`: how long attribute versions stay known."""

    batch: Count = 1000
    lease_seconds: Seconds = 6.0
    handler_seconds: Seconds = 1.0
    stuck_seconds: Seconds = 60.0
    remember_days: Annotated[int, Meta(ge=1, le=36_500)] = 90
    failures_kept: Count = 10_000


class LiveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The stream to browsers: `history` items a channel can be resumed, `burst` sent a second."""

    history: Count = 1000
    burst: Count = 100
    queue: Count = 1000
    heartbeat_seconds: Seconds = 15.0


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pages are served.

    There is no login yet: another address than loopback needs `allow_anonymous`. Of `trusted_proxies`, by
    address or network, it is believed who asked them. `max_body` is the largest body of a request, in bytes;
    `streams_per_client` how many live streams one address may have open.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    allow_anonymous: bool = False
    trusted_proxies: tuple[str, ...] = ()
    max_body: Count = MIB
    streams_per_client: Count = 100


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is logged to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `config.yaml`. `plugins` maps names to sections, in the order of handlers."""

    redis: RedisSettings = RedisSettings()
    timezone: str = "local"
    data: str = "data"
    audience: Literal["all", "community"] = "all"
    feeds: tuple[FeedSettings, ...] = (FeedSettings(name="misp", url="tcp://127.0.0.1:50000"),)
    subscriber: SubscriberSettings = SubscriberSettings()
    worker: WorkerSettings = WorkerSettings()
    live: LiveSettings = LiveSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    plugins: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"activity": {}, "trendings": {}, "hashstore": {}}
    )
