"""Messages of a feed for a site under test."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from watchfloor.store.streams import Appender
from watchfloor.testing import SiteUnderTest


def tell_all(site: SiteUnderTest, messages: Iterable[tuple[str, Any]]) -> None:
    """Messages (topic and body) arrive, and are worked off together."""
    with Appender(site.redis, "misp", 6.0) as appender:
        frames = [f"{topic} ".encode() + json.dumps(body).encode() for topic, body in messages]
        appender.append([(frame, time.time()) for frame in frames])
    site.work()
    assert site.failures() == []


def tell(site: SiteUnderTest, topic: str, body: Any) -> None:
    """A message arrives and is worked off."""
    tell_all(site, [(topic, body)])


def event_row(**more: Any) -> dict[str, Any]:
    """An event of organisation 1 that everyone may see."""
    return {"id": "7", "uuid": "11111111-1111-4111-8111-111111111111", "org_id": "1", "orgc_id": "2",
            "distribution": "3", "sharing_group_id": "0", "date": "2026-01-02", "info": "x",
            "timestamp": "1767225600", **more}  # fmt: skip


def attribute_row(value: str, **more: Any) -> dict[str, Any]:
    """An attribute of that event."""
    return {"id": "70", "event_id": "7", "object_id": "0", "category": "Network activity", "type": "domain",
            "value1": value, "value2": "", "value": value, "to_ids": True, "distribution": "5",
            "uuid": "22222222-2222-4222-8222-222222222222", "timestamp": "1767225600",
            "sharing_group_id": "0", "deleted": False, **more}  # fmt: skip


def attribute_message(
    value: str, action: str = "add", event: dict[str, Any] | None = None, **more: Any
) -> Any:
    """What MISP tells of an attribute."""
    return {"Attribute": attribute_row(value, **more), "Event": event or event_row(), "action": action}
