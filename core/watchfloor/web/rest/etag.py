"""Answers that a client need not fetch again while they say the same."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag(*parts: bytes) -> str:
    """The tag of a content. It is weak: what only tells when the answer was made is not part of it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return f'W/"{digest.hexdigest()[:24]}"'


def fresh(request: Request, tag: str) -> bool:
    """Whether the client says that it has this content."""
    named = request.headers.get("if-none-match", "")
    return named.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(named)


def answer(
    request: Request, body: bytes, media_type: str, tag: str, headers: dict[str, str] | None = None
) -> Response:
    """The body with its tag, or 304 when the client has it; to be asked for again each time."""
    told = {"etag": tag, "cache-control": "no-cache"}
    if fresh(request, tag):
        return Response(status_code=304, headers=told)
    return Response(body, headers={**told, **(headers or {})}, media_type=media_type)
