"""`/api/v1/feeds`: the feeds, their lights in words, and what came from them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from watchfloor.text import encodable
from watchfloor.web.pages import query_of
from watchfloor.web.state import web_of
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from starlette.requests import Request

    from watchfloor.web.status import FeedStatus


async def feeds(request: Request) -> Response:
    """Every feed that is configured, in that order."""
    web, zone = web_of(request), query_of(request).zone
    status = await read_status(web.redis, web.site.settings)
    if status.trouble:
        raise HTTPException(503, f"{status.trouble}.", {"retry-after": "5"})
    body = msgspec.json.encode({"feeds": [described(feed, zone) for feed in status.feeds]})
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")


def described(feed: FeedStatus, zone: ZoneInfo) -> dict[str, Any]:
    """A feed: its state now, and what it sent so far."""
    return {
        "name": feed.name,
        "url": feed.url,
        "state": feed.state,
        "text": encodable(feed.text),
        "last_seen": None if feed.last_seen is None else _time(feed.last_seen, zone),
        "messages": feed.messages,
        "bytes": feed.bytes,
        "topics": {encodable(topic): count for topic, count in feed.topics.items()},
        "spooled": feed.spooled,
        "refused": feed.refused,
        "dropped": feed.dropped,
        "reconnects": feed.reconnects,
        "auth_refused": feed.auth_refused,
    }


def _time(moment: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(moment, zone).isoformat(timespec="milliseconds")
