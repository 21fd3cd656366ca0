"""Errors as programs read them: problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
_FOR_PROGRAMS = {"/api", "/live", "/health", "/ready", "/metrics"}


def wanted(request: Request) -> bool:
    """Whether who asks is a program: by the address, or because it accepts JSON and no page."""
    path = request.url.path
    if path in _FOR_PROGRAMS or path.startswith("/api/"):
        return True
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "html" not in accepted


def problem(
    scope: Scope,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    plugin: str = "",
    error_id: str = "",
) -> Response:
    """An answer that says what is wrong; `plugin` is whose fault it is, `error_id` the id in the log."""
    told = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": quote(scope["path"]),
        **({"plugin": plugin} if plugin else {}),
        **({"error_id": error_id} if error_id else {}),
    }
    fresh = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(told), status, fresh, MEDIA_TYPE)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Error {status}"
