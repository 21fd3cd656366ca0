"""What activity tells of its own health."""

from __future__ import annotations

import asyncio

import pytest

from watchfloor import FeedLight, Health, Probe
from watchfloor_activity.health import attributes

ALIVE = {"misp_json_self": 1}
SENDING = FeedLight("a", "alive", topics={"misp_json_attribute": 1})


def told(*feeds: FeedLight) -> Health:
    return asyncio.run(attributes(Probe(None, feeds)))


def test_a_feed_that_sends_no_attribute_is_named_with_the_setting() -> None:
    health = told(
        FeedLight("a", "alive", topics={"misp_json_attribute": 1}), FeedLight("b", "alive", topics=ALIVE)
    )
    assert health.state == "warning"
    assert health.text.startswith(
        "b has not sent an attribute yet: switch on Plugin.ZeroMQ_attribute_notifications_enable"
    )


@pytest.mark.parametrize(
    "feed",
    [
        SENDING,
        FeedLight("a", "alive"),
        FeedLight("a", "unreachable", topics=ALIVE),
    ],
)
def test_a_feed_that_may_yet_send_some_is_waited_for(feed: FeedLight) -> None:
    assert told(feed).state == "ok"
