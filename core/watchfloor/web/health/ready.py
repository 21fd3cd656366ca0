"""`/health`: the process lives. `/ready`: the whole site does its work, check by check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from watchfloor.web.health.checks import examine, ready
from watchfloor.web.state import web_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from watchfloor.web.health.checks import Result

_FRESH = {"cache-control": "no-store"}


async def alive(_request: Request) -> Response:
    """That the process answers, and nothing else: it asks nobody."""
    return JSONResponse({"status": "ok"}, headers=_FRESH)


async def readiness(request: Request) -> Response:
    """200 when nothing critical fails, else 503; with every check."""
    results = await examine(web_of(request))
    good = ready(results)
    told = {"status": "ready" if good else "not ready", "checks": [_told(result) for result in results]}
    return JSONResponse(told, 200 if good else 503, headers=_FRESH)


def _told(result: Result) -> dict[str, Any]:
    return {
        "owner": result.owner,
        "name": result.name,
        "state": result.state,
        "critical": result.critical,
        "text": result.health.text,
        "milliseconds": result.milliseconds,
    }
