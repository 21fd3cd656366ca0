"""Indicators written so that nothing follows them by accident: hxxp://, [.], [@].

static/defang.js does the same in browsers; a test runs the same cases through both.
"""

from __future__ import annotations

import re

_HOSTS = frozenset({"ip", "ip-src", "ip-dst", "domain", "hostname"})
_MAILS = frozenset(
    {
        "email",
        "email-src",
        "email-dst",
        "email-reply-to",
        "whois-registrant-email",
        "dns-soa-email",
        "target-email",
        "jabber-id",
        "eppn",
    }
)
_ADDRESSES = frozenset({"url", "uri", "link"})
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^\s/?#]*)")
_SCHEMES = {"http": "hxxp", "https": "hxxps", "ftp": "fxp"}


def defang(value: str, kind: str) -> str:
    """The value of an attribute of this type, defanged; what is no address stays as it is."""
    kinds, parts = kind.split("|"), value.split("|")
    if len(kinds) != len(parts):
        return _part(value, kinds[0])
    return "|".join(map(_part, parts, kinds))


def _part(value: str, kind: str) -> str:
    if kind in _HOSTS:
        return value.replace(".", "[.]").replace(":", "[:]")
    if kind in _MAILS:
        return _authority(value)
    if kind in _ADDRESSES and "://" not in value:
        host, slash, rest = value.partition("/")
        return _authority(host) + slash + rest
    return _ADDRESS.sub(lambda found: f"{_scheme(found[1])}://{_authority(found[2])}", value)


def _scheme(name: str) -> str:
    return _SCHEMES.get(name.lower(), name)


def _authority(text: str) -> str:
    return text.replace(".", "[.]").replace("@", "[@]")
