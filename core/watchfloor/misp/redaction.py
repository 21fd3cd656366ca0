"""Secrets are taken out of log and user messages before anything is stored.

MISP's logs quote what was changed and requested: API keys, passwords, whole request bodies, as JSON
values, as JSON in strings, as `field (old) => (new)`, in URLs. Where in doubt more is removed: nobody
but people reads those texts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from msgspec import DecodeError
from msgspec.json import decode, encode

REMOVED = "[removed]"

_TOPICS = frozenset(("misp_json_audit", "misp_json_user"))
_ACCOUNTS = ("User", "AuthKey", "users", "auth_keys")
_DEEPEST = 50
_LONG_NAME = 100  # no field of MISP's has one

_SECRETS = "|".join((
    "pass[ _-]?(?:word|wd|phrase|code)", "pwd", "(?:auth|api|private|encryption|access)[ _-]?key", "token",
    "secret", "[th]otp", "(?<![a-z])otp(?![a-z])", "cookie", "session", "authori[sz]ation", "credential",
    "csrf", "bearer", "jwt", "misp-auth", "(?<![a-z])salt(?![a-z])",
))  # fmt: skip
_SECRET = re.compile(_SECRETS, re.IGNORECASE)
_HARMLESS = frozenset(("authkey_id", "authkey_uuid"))
_BODIES = frozenset((
    "body", "headers", "input", "key", "payload", "post", "postbody", "postdata", "querylog", "rawbody",
    "request", "requestbody", "requestdata", "requestheaders",
))  # fmt: skip

# Between the name of a secret and the secret: what closes the name in text, JSON, PHP and URLs, then a
# separator. Everything is of bounded length, so that no text takes more than linear time.
_NAMED = re.compile(
    rf"(?:{_SECRETS})[\w.-]{{0,40}}+(?:%[0-9a-f]{{2}}|[\"'`\]}})\s\\]){{0,12}}"
    r"(?:=>|[:=({\[]|%3[ad]|%28|(?:changed |set )?(?:from|to|is|was)\b)\s*",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"([?&;])([^=&;?\s#]{1,200})=([^&\s#]*)")
_PATTERNS = (
    (re.compile(r"((?:request|post|raw)[ _-]?(?:body|data|payload)\b).*", re.I | re.S), rf"\1: {REMOVED}"),
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY.*", re.S), REMOVED),
    (re.compile(r"(://[^/\s:@]{0,200}:)[^/\s@]{1,200}@"), rf"\1{REMOVED}@"),
    (re.compile(r"\b(basic|bearer|digest|negotiate)\s+[\w+/=.~:-]{6,}", re.I), rf"\1 {REMOVED}"),
    (re.compile(r"\$(?:2[abxy]?|[156]|argon2\w{1,3})\$[^\s\"',)]+"), REMOVED),
    (re.compile(r"(?<![\w-])eyJ[\w-]++\.[\w-]++\.[\w-]*"), REMOVED),
)
# An API key may follow an escape (`%3D`, `\n`) whose last character looks like a part of it.
_KEY = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf]))[A-Za-z0-9]{40}(?![A-Za-z0-9])")
_SHA1 = re.compile(r"[0-9a-f]{40}")

# A text without any of these, and without a run as long as a key, matches none of the patterns above.
_HINTS = (
    "pass", "key", "token", "secret", "otp", "auth", "cookie", "session", "credential", "pwd", "csrf",
    "bearer", "jwt", "salt", "body", "data", "payload", "basic", "digest", "negotiate", "eyj", "://", "$",
    "%",
)  # fmt: skip
_RUN = re.compile(r"[A-Za-z0-9]{40}")


def redact(topic: str, body: bytes) -> bytes:
    """The body of a message without what must not be stored.

    Bodies of topics other than `misp_json_audit` and `misp_json_user` come back as they are. A body that
    is not JSON is withheld as a whole.
    """
    if topic not in _TOPICS:
        return body
    try:
        document = decode(body)
        strict = topic == "misp_json_user" or _about_accounts(document)
        return encode(_value(document, strict, 0))
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return encode({"withheld": f"{len(body)} bytes that are not JSON"})


def _about_accounts(document: Any) -> bool:
    """Whether any 40 characters may be a key, even those that look like a SHA-1."""
    if not isinstance(document, dict):
        return True
    rows = [row for row in (document, *document.values()) if isinstance(row, dict)]
    return any(row.get(name) in _ACCOUNTS for row in rows for name in ("model", "controller"))


def _value(value: Any, strict: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        return REMOVED
    if isinstance(value, str):
        return _string(value, strict, depth)
    if isinstance(value, list):
        return [_value(item, strict, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            _name(name[:_LONG_NAME], strict): (
                REMOVED if _is_secret(name[:_LONG_NAME]) else _value(item, strict, depth + 1)
            )
            for name, item in value.items()
        }
    return value


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    if name in _HARMLESS:
        return False
    return (
        len(name) == _LONG_NAME
        or bool(_SECRET.search(name))
        or re.sub(r"[^a-z]", "", name.lower()) in _BODIES
    )


@lru_cache(maxsize=1024)
def _name(name: str, strict: bool) -> str:
    return _text(name, strict)


def _string(text: str, strict: bool, depth: int) -> str:
    """JSON in a string is gone through as JSON."""
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            return encode(_value(decode(text), strict, depth + 1)).decode()
        except (DecodeError, RecursionError):
            return _text(text, strict)
    return _text(text, strict)


def _text(text: str, strict: bool) -> str:
    if _is_harmless(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    text = _cut(_PARAMETER.sub(_parameter, text))
    return _KEY.sub(lambda key: key[0] if _SHA1.fullmatch(key[0]) and not strict else REMOVED, text)


def _is_harmless(text: str) -> bool:
    lowered = text.lower()
    for hint in _HINTS:  # any() with a generator would take twice as long, on every text of every log
        if hint in lowered:
            return False
    return len(text) < 40 or not _RUN.search(text)


def _parameter(match: re.Match[str]) -> str:
    name = unquote(unquote(match[2]))
    return f"{match[1]}{match[2]}={REMOVED}" if _is_secret(name) else match[0]


def _cut(text: str) -> str:
    """Without all that follows the name of a secret, unless the secret alone was removed before."""
    start = 0
    while named := _NAMED.search(text, start):
        start = named.end()
        if not text.startswith(REMOVED, start):
            return text[:start] + REMOVED
    return text
