"""A plugin for tests that keeps books: what was counted, how often, in which order, and what it led to.

`COUNTS` adds up how often each attribute of the type `number` was counted. `ENTRIES` gets an item for
each in the same transaction, at its end: that stream is the order in which they were counted. `HUNDREDS`
gets one from `after_commit` for each hundred that the total passed. A comment can ask for trouble.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat

from watchfloor import (
    Activity,
    AfterCommit,
    AttributeShared,
    Channel,
    Handler,
    Keys,
    Message,
    RawHandler,
    Reads,
    Writes,
    hookimpl,
)

COUNTS = Keys("ledger:counts:{feed}", "zset", "number of a message; how often it was counted")
ORGS = Keys("ledger:org:{org}", "string", "attributes of an organisation")
TOTAL = Keys("ledger:total", "string", "numbers of all feeds")
TOLD = Keys("ledger:told", "string", "the last hundred that was announced")
ACTIVITIES = Keys("ledger:activities", "hash", "activities by type")
RAW = Keys("ledger:raw", "hash", "messages of topics that the core does not know")
ENTRIES = Channel("entries")
HUNDREDS = Channel("hundreds")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """For ever, in C code that looks at no signal and lets no other thread run."""
    deque(repeat(None), maxlen=0)


def fail() -> None:
    if "LEDGER_MENDED" not in os.environ:
        raise ValueError("this one was asked to fail")


TROUBLE: Mapping[str, Callable[[], None]] = {"kill": kill, "hang": hang, "fail": fail}


def count(attribute: AttributeShared, writes: Writes) -> None:
    TROUBLE.get(attribute.comment, bool)()
    if attribute.event.org:
        writes.incrby(ORGS(org=attribute.event.org))
    if attribute.type == "number":
        count_number(attribute, writes)


def count_number(attribute: AttributeShared, writes: Writes) -> None:
    writes.zincrby(COUNTS(feed=attribute.feed), 1, attribute.value)
    writes.incrby(TOTAL())
    writes.publish(ENTRIES, {"feed": attribute.feed, "value": attribute.value})
    writes.touch("total")


def count_activity(activity: Activity, writes: Writes) -> None:
    writes.hincrby(ACTIVITIES(), type(activity).__name__)


def count_raw(message: Message, writes: Writes) -> None:
    writes.hincrby(RAW(), message.topic)


def announce(_touched: Iterable[str], reads: Reads, writes: Writes) -> None:
    total, told = int(reads.get(TOTAL()) or 0), int(reads.get(TOLD()) or 0)
    for hundred in range(told + 100, total + 1, 100):
        writes.publish(HUNDREDS, {"total": hundred})
    writes.set(TOLD(), str(total // 100 * 100))


@hookimpl
def redis_keys() -> Sequence[Keys]:
    return [COUNTS, ORGS, TOTAL, TOLD, ACTIVITIES, RAW]


@hookimpl
def live_channels() -> Sequence[Channel]:
    return [ENTRIES, HUNDREDS]


@hookimpl
def message_handlers() -> Sequence[Handler | RawHandler]:
    return [
        Handler(AttributeShared, count),
        Handler(Activity, count_activity),
        RawHandler("misp_json_ledger", count_raw),
    ]


@hookimpl
def after_commit() -> AfterCommit:
    return announce
