"""Redis URLs: what they may look like, what they mean, and how they are shown to people."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from watchfloor.errors import ConfigError

FORMS = (
    "embedded, redis://host:6379/0, rediss://host:6379/0 (TLS), unix:///run/redis.sock?db=0, "
    "sentinel://host:26379,host:26379/service?db=0, or sentinels:// (TLS)"
)
SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels")

# The second form is a password with an unescaped `/`, `?` or `#`: a faulty URL is shown in an error, too.
_USERINFO = re.compile(r"(://[^:@/?#]*:)(?:[^/?#]*@|(?!\d*(?:[/?#,]|$)).*@)", re.DOTALL)
_OPTION = re.compile(r"([?&][^=&#]*pass[^=&#]*=)[^&#]*", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Where a Redis is: at `hosts[0]`, at the socket `path`, or where Sentinels at `hosts` say."""

    hosts: tuple[tuple[str, int], ...] = ()
    path: str | None = None
    service: str | None = None
    tls: bool = False
    db: int = 0
    username: str | None = None
    password: str | None = None


def redact(url: str) -> str:
    """The URL, well-formed or not, with passwords hidden.

    >>> redact("redis://ada:secret@db.example/0")
    'redis://ada:***@db.example/0'
    """
    return _OPTION.sub(r"\1***", _USERINFO.sub(r"\1***@", url, count=1))


def parse(url: str) -> Target:
    """What a URL means. A faulty one is a ConfigError that says how it should look."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ConfigError(f"redis.url: '{redact(url)}' is not a Redis URL: use {FORMS}")
    location, _, query = rest.partition("?")
    authority, _, path = location.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    username, _, password = userinfo.partition(":")
    options = _options(url, query)
    target = Target(
        tls=scheme in ("rediss", "sentinels"),
        db=_db(url, options.get("db") or (path if scheme in ("redis", "rediss") else "") or "0"),
        username=unquote(username) or options.get("username"),
        password=unquote(password) or options.get("password"),
    )
    if scheme == "unix":
        if hosts or not path:
            raise ConfigError(
                f"redis.url: '{redact(url)}' needs an absolute path, as in unix:///run/redis.sock"
            )
        return replace(target, path="/" + unquote(path))
    if scheme.startswith("sentinel"):
        if not path:
            raise ConfigError(f"redis.url: '{redact(url)}' needs the name of the service after the hosts")
        addresses = (_address(url, host, 26379) for host in hosts.split(","))
        return replace(target, hosts=tuple(addresses), service=unquote(path))
    return replace(target, hosts=(_address(url, hosts, 6379),))


def _options(url: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"db", "username", "password"})
    if unknown:
        # Options of the client library would come in here, its retries among them.
        raise ConfigError(
            f"redis.url: '{redact(url)}' has the option '{unknown[0]}', but only db, username and password "
            "may stand there; TLS and the timeout have settings of their own under 'redis'"
        )
    return options


def _db(url: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ConfigError(f"redis.url: '{redact(url)}' asks for database '{text}', which is not a number")
    return int(text)


def _address(url: str, text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit("//" + text)
        return unquote(parts.hostname or "localhost"), parts.port or port
    except ValueError as error:
        raise ConfigError(
            f"redis.url: '{redact(url)}' has an address that is not host:port ('{redact('//' + text)[2:]}')"
        ) from error
