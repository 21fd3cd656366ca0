"""What was received and is not stored yet, when it is taken up again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from watchfloor.config.settings import FeedSettings, RedisSettings
from watchfloor.store.connect import connect
from watchfloor.store.streams import Appender
from watchfloor.subscriber.backlog import Backlog
from watchfloor.subscriber.inbox import Inbox
from watchfloor.subscriber.spool import Spool, SpoolError
from watchfloor.subscriber.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1024 * 1024
FEED = FeedSettings(name="misp", url="tcp://127.0.0.1:1")
NOBODY = Standing("nobody", (0, 0), None, 0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "misp.sqlite3"


@pytest.fixture
def backlog(path: Path) -> Iterator[Backlog]:
    backlog = started(path)
    yield backlog
    backlog.spool.close()


def started(path: Path) -> Backlog:
    """The backlog of a process that has just started. Nothing in it asks Redis."""
    appender = Appender(connect(RedisSettings(), "unix:///nowhere", role="test"), "misp", 5)
    return Backlog(FEED, Inbox(MIB), Spool(path, MIB), appender, kept=10)


def receive(backlog: Backlog, *numbers: int, at: int | None = None) -> None:
    frames = [b"misp_json_tag %d" % number for number in numbers]
    backlog.inbox.put(at or time.time_ns() // 1_000_000, frames)


def numbers(backlog: Backlog) -> list[int]:
    """Everything in order, as it would be stored."""
    found = []
    while entries := backlog.head(2):
        found += [int(entry.frame.split()[1]) for entry in entries]
        backlog.stored(entries)
    return found


def test_the_spool_goes_before_the_memory(backlog: Backlog) -> None:
    receive(backlog, 1, 2, 3)
    backlog.put_aside()
    receive(backlog, 4, 5)
    assert backlog.in_memory == 2
    assert numbers(backlog) == [1, 2, 3, 4, 5]
    assert backlog.in_memory == 0


def test_what_a_crash_left_is_stored_once(path: Path, backlog: Backlog) -> None:
    receive(backlog, 1, 2, 3)
    backlog.put_aside()
    second = backlog.head(2)[-1].id
    backlog.spool.close()
    again = started(path)
    receive(again, 4)
    again.open_spool()
    again.put_aside()
    again.settle(Standing("home", second, None, 1, 0), second)
    assert numbers(again) == [3, 4]
    again.spool.close()


def test_ids_beyond_the_clock_do_not_swallow_messages(backlog: Backlog) -> None:
    receive(backlog, 1, 2)
    backlog.put_aside()
    receive(backlog, 3)
    ahead = (time.time_ns() // 1_000_000 + 3_600_000, 5)
    backlog._appender.last = max(backlog._appender.last, ahead)
    backlog.settle(Standing("nobody", (0, 0), None, 0, 0), ahead)
    entries = backlog.head(10)
    assert all(entry.id > ahead and abs(time.time() - (entry.at or 0)) < 5 for entry in entries)
    assert numbers(backlog) == [1, 2, 3]


def test_a_clock_that_went_back_over_a_restart_costs_nothing(path: Path, backlog: Backlog) -> None:
    ahead = (time.time_ns() // 1_000_000 + 3_600_000, 5)
    receive(backlog, 1)
    backlog.put_aside()
    backlog.spool.close()
    again = started(path)
    again.open_spool()
    receive(again, 2)
    again.put_aside()
    receive(again, 3)
    again._gather(10)
    again._appender.last = max(again._appender.last, ahead)
    again.settle(Standing("home", ahead, b"misp_json_tag 1", 1, 0), ahead)
    assert numbers(again) == [2, 3], "1 is stored; the others came after that, whatever the clock says"
    again.spool.close()


def test_of_two_subscribers_each_message_is_taken_once(backlog: Backlog) -> None:
    start = time.time_ns() // 1_000_000 - 10_000
    receive(backlog, 1, at=start)
    receive(backlog, 2, 3, at=start + 1000)
    backlog.put_aside()
    receive(backlog, 4, at=start + 2000)
    last = (start + 1500, 0)
    backlog.settle(Standing("other", last, b"misp_json_tag 3", start + 500, 0), last)
    assert numbers(backlog) == [1, 4], "2 and 3 came while the other one stored, 1 before it listened"


def test_a_gap_between_two_subscribers_is_told(backlog: Backlog) -> None:
    now = time.time_ns() // 1_000_000
    receive(backlog, 1, at=now)
    assert backlog.settle(Standing("other", (now, 0), b"misp_json_tag 1", 7, 0), (now, 0)) == 7
    backlog.give_up(1)
    assert backlog.settle(Standing("other", (now, 5), b"never met", 7, 0), (now, 5)) == backlog.heard_from


def test_a_spool_with_messages_of_unknown_state_is_left_alone(path: Path, backlog: Backlog) -> None:
    receive(backlog, 1)
    backlog.put_aside()
    late = started(path)
    with pytest.raises(SpoolError, match="another process has it open"):
        late.open_spool()
    late.settle(NOBODY, (0, 0))
    receive(late, 2)
    backlog.spool.close()
    with pytest.raises(SpoolError, match="holds 1 messages of another process"):
        late.put_aside()
    assert numbers(late) == [2], "it goes on in memory"
    third = started(path)
    third.open_spool()
    third.settle(NOBODY, (0, 0))
    assert numbers(third) == [1]
    third.spool.close()
