"""Count the attributes that each organisation shares, by day, and show them live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from watchfloor import (
    Ask,
    AttributeShared,
    Channel,
    Column,
    Handler,
    Keys,
    Panel,
    View,
    Writes,
    hookimpl,
)

BY_ORG = Keys("hello:by_org:{date}", "zset", "organisation; +1 for each new attribute", timedelta(days=90))
LIVE = Channel("orgs", replay=1)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`ignore`: names of organisations that are not counted."""

    ignore: tuple[str, ...] = ()


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def redis_keys() -> Sequence[Keys]:
    return [BY_ORG]


@hookimpl
def live_channels() -> Sequence[Channel]:
    return [LIVE]


@hookimpl
def message_handlers(settings: Settings) -> Sequence[Handler]:
    def count(attribute: AttributeShared, writes: Writes) -> None:
        org = attribute.event.org
        if attribute.new and org and org not in settings.ignore:
            writes.zincrby(BY_ORG(date=attribute.received.date()), 1, org)
            writes.publish(LIVE, {"org": org})

    return [Handler(AttributeShared, count)]


@hookimpl
def panels() -> Sequence[Panel]:
    columns = (Column("org", "Organisation"), Column("attributes", "Attributes", "number"))
    topics = ("misp_json_attribute", "misp_json")
    return [Panel("orgs", "Hello, organisations", top, columns=columns, channel=LIVE, topics=topics)]


async def top(ask: Ask) -> View:
    """The organisations with the most attributes over the days that the page asks for."""
    counts: Counter[str] = Counter()
    for day in ask.days:
        counts.update(dict(await ask.redis.zrange(BY_ORG(date=day), 0, -1, withscores=True)))
    return View(rows=counts.most_common(10))
