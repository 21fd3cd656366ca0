"""Messages with numbers, and what the ledger says of them afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from lab import until
from watchfloor_ledger import COUNTS, TOTAL

from watchfloor.store import failures
from watchfloor.store.clients import Commands
from watchfloor.store.keys import FAILURES, LIVE
from watchfloor.store.streams import Appender

CATEGORIES = "TRENDINGS_CATEGS:20241021"
"""Where trendings counts the messages of `frame`."""


def frame(number: int, comment: str = "", org: str = "Aurora") -> bytes:
    """A message with this number; `comment` may name trouble that the ledger then makes."""
    body = {
        "Attribute": {"id": str(number), "uuid": f"0cda0c2f-3c87-40dd-bbc8-{number:012}", "event_id": "42",
                      "type": "number", "category": "Other", "value": str(number), "comment": comment,
                      "timestamp": "1729500000", "distribution": "5"},
        "Event": {"id": "42", "info": "Load", "org_id": "1", "orgc_id": "2", "distribution": "3",
                  "Orgc": {"id": "2", "name": org}},
        "action": "add",
    }  # fmt: skip
    return b"misp_json_attribute " + json.dumps(body).encode()


def store(redis: Commands, frames: Iterable[bytes], feed: str = "misp", group: int = 500) -> None:
    """Append frames to a feed's stream, as its subscriber would."""
    waiting = list(frames)
    with Appender(redis, feed, 6.0) as appender:
        for start in range(0, len(waiting), group):
            appender.append([(one, None) for one in waiting[start : start + group]])


def order(redis: Commands, feed: str = "misp") -> list[int]:
    """The numbers of a feed's messages in the order in which they were counted."""
    found = redis.xrange(LIVE(plugin="ledger", channel="entries"))
    items = [json.loads(fields[b"d"]) for _, fields in found]
    return [int(item["value"]) for item in items if item["feed"] == feed]


def hundreds(redis: Commands) -> list[int]:
    """The totals that `after_commit` announced, in order."""
    found = redis.xrange(LIVE(plugin="ledger", channel="hundreds"))
    return [int(json.loads(fields[b"d"])["total"]) for _, fields in found]


def total(redis: Commands) -> int:
    """How many messages the ledger counted."""
    return int(redis.get(TOTAL()) or 0)


def wait(redis: Commands, count: int) -> None:
    """Until so many messages are counted, and what depends on that is announced."""
    until(lambda: total(redis) >= count, f"{count} messages")
    until(lambda: len(hundreds(redis)) >= count // 100, "the last announcement")


def check(redis: Commands, expected: Sequence[int], feed: str = "misp") -> None:
    """Each of these messages was counted exactly once, and in this order."""
    assert order(redis, feed) == list(expected)
    counted = dict(redis.zrange(COUNTS(feed=feed), 0, -1, withscores=True))
    assert counted == {str(number).encode(): 1.0 for number in expected}


def check_all(redis: Commands, feeds: dict[str, Sequence[int]], failed: int = 0) -> None:
    """Nothing but the messages of these feeds was counted, each once, in order, by everyone."""
    for feed, expected in feeds.items():
        check(redis, expected, feed)
    together = sum(len(expected) for expected in feeds.values())
    assert total(redis) == together
    assert hundreds(redis) == list(range(100, together + 1, 100))
    assert len(failures.read(redis, 100)) == int(redis.xlen(FAILURES())) == failed
