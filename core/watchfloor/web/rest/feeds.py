"""`/api/v1/feeds`: the feeds, their lights in words, and what came from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from watchfloor.web.rest.values import text
from watchfloor.web.state import web_of
from watchfloor.web.status import read_status

if TYPE_CHECKING:
    from starlette.requests import Request

    from watchfloor.web.status import FeedStatus


async def feeds(request: Request) -> Response:
    """Every feed that is configured, in that order."""
    web = web_of(request)
    status = await read_status(web.redis, web.site.settings)
    if status.trouble:
        raise HTTPException(503, f"{status.trouble}.", {"retry-after": "5"})
    body = msgspec.json.encode({"feeds": [described(feed) for feed in status.feeds]})
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")


def described(feed: FeedStatus) -> dict[str, Any]:
    """A feed: its state now, and what it sent so far. `seen` is how many seconds ago something came."""
    return {
        "name": feed.name,
        "url": feed.url,
        "state": feed.state,
        "text": text(feed.text),
        "seen": None if feed.seen is None else round(feed.seen, 3),
        "messages": feed.messages,
        "topics": {text(topic): count for topic, count in feed.topics.items()},
        "spooled": feed.spooled,
        "refused": feed.refused,
        "dropped": feed.dropped,
    }
