"""Frames in memory: bounded, in order, and handed over without a gap."""

from __future__ import annotations

import time

from watchfloor.subscriber.inbox import Inbox

START = 1_700_000_000_000


def filled(*frames: bytes, limit: int = 1_000_000) -> Inbox:
    """One frame a millisecond."""
    inbox = Inbox(limit)
    for number, frame in enumerate(frames):
        inbox.put(START + number, [frame])
    return inbox


def rest(inbox: Inbox) -> list[bytes]:
    return [frame for _, frame in inbox.take(1000, 1_000_000)]


def test_frames_come_out_in_groups_bounded_by_count_and_size() -> None:
    inbox = filled(b"aa", b"bb", b"cc", b"d" * 100, b"e")
    assert [frame for _, frame in inbox.take(2, 100)] == [b"aa", b"bb"]
    assert [frame for _, frame in inbox.take(9, 50)] == [b"cc"]
    assert [frame for _, frame in inbox.take(9, 50)] == [b"d" * 100], "one may be larger than a group"
    assert rest(inbox) == [b"e"]
    assert inbox.size == 0


def test_the_newest_are_dropped_when_memory_is_full() -> None:
    inbox = filled(*[b"x" * 100] * 10, limit=1000)
    assert len(inbox) == 4
    assert inbox.dropped == 6
    inbox.take(1, 1000)
    inbox.put(START, [b"y" * 100])
    assert rest(inbox)[-1] == b"y" * 100


def test_a_single_frame_beyond_the_limit_gets_through() -> None:
    assert rest(filled(b"x" * 100, limit=10)) == [b"x" * 100]


def test_waiting_ends_when_something_comes() -> None:
    began = time.monotonic()
    filled(b"a").wait(10)
    Inbox(10).wait(0.01)
    assert time.monotonic() - began < 5


def test_a_standby_forgets_what_is_old_or_too_much() -> None:
    inbox = filled(b"a", b"b", b"c", b"d")
    inbox.forget(START + 1, 1_000_000)
    assert len(inbox) == 3
    inbox.forget(0, 250)
    assert rest(inbox) == [b"c", b"d"]


def test_a_standby_goes_on_after_the_last_stored_message() -> None:
    inbox = filled(b"a", b"b", b"c", b"b", b"d")
    assert inbox.skip(START + 2, lambda frame: frame == b"c")
    assert rest(inbox) == [b"b", b"d"]


def test_of_equal_messages_the_nearest_in_time_is_meant() -> None:
    inbox = filled(b"b", b"a", b"x", b"c", b"b", b"d")
    assert inbox.skip(START + 3, lambda frame: frame == b"b")
    assert rest(inbox) == [b"d"]


def test_by_time_when_the_last_stored_message_was_never_met() -> None:
    inbox = filled(b"a", b"b", b"c")
    assert not inbox.skip(START + 1, lambda frame: False)
    assert rest(inbox) == [b"c"]


def test_a_time_that_is_yet_to_come_tells_nothing() -> None:
    inbox = filled(b"a", b"b")
    assert not inbox.skip(time.time_ns() // 1_000_000 + 3_600_000, lambda frame: False)
    assert rest(inbox) == [b"a", b"b"]
