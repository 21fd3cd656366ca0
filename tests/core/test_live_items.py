from __future__ import annotations

import json

import pytest

from watchfloor.live.client import Client
from watchfloor.live.items import Item, Track, opening, parse_position, read_item, show_position

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def item(ms: int, channel: str = "hello/orgs", skipped: int = 0) -> Item:
    fields = {"d": json.dumps({"n": ms})} | ({"skipped": str(skipped)} if skipped else {})
    return read_item(channel, f"{ms}-0", fields)


def track(*positions: int, channel: str = "hello/orgs", replay: int = 0, history: int = 1000) -> Track:
    made = Track(channel, replay, history)
    made.items.extend(item(ms, channel) for ms in positions)
    return made


def ids(chunk: bytes) -> list[str]:
    return [line[4:] for line in chunk.decode().splitlines() if line.startswith("id: ")]


def test_an_item_is_one_event_with_its_id() -> None:
    assert item(5).frame == b'id: 5-0\nevent: hello/orgs\ndata: {"n": 5}\n\n'


def test_an_item_of_several_lines_stays_on_one() -> None:
    frame = read_item("a/b", "1-0", {"d": '{"a":\r\n1}'}).frame
    assert frame == b'id: 1-0\nevent: a/b\ndata: {"a":  1}\n\n'


def test_an_item_keeps_bytes_that_are_no_text() -> None:
    text = b'{"a":"\xff"}'.decode(errors="surrogateescape")
    assert b'data: {"a":"\xff"}\n' in read_item("a/b", "1-0", {"d": text}).frame


def test_what_was_left_out_is_told_before_the_item() -> None:
    assert item(5, skipped=7).whole == (
        b'event: watchfloor/skipped\ndata: {"channel":"hello/orgs","count":7}\n\n' + item(5).frame
    )


def test_positions_read_back() -> None:
    assert parse_position("1700000000000-12") == (1700000000000, 12)
    assert show_position((5, 1)) == "5-1"


@pytest.mark.parametrize("text", ["", "x", "5", "5-", "-5", "5-0 ", "\u0665-0", "1" * 30 + "-0", "0-0\n"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a live item"):
        parse_position(text)


@pytest.mark.parametrize("last", range(12))
def test_resuming_gives_every_item_behind_the_position_once_and_in_order(last: int) -> None:
    tracks = [track(1, 4, 5, 9, channel="a/x"), track(2, 3, 8, channel="a/y"), track(channel="a/z")]
    expected = [f"{n}-0" for n in (1, 2, 3, 4, 5, 8, 9) if n > last]
    assert ids(opening(tracks, (last, 0), replay=False)) == expected


def test_a_new_browser_gets_what_each_channel_replays() -> None:
    tracks = [track(1, 4, 5, 9, channel="a/x", replay=2), track(2, 6, channel="a/y")]
    assert ids(opening(tracks, None, replay=False)) == ["5-0", "9-0"]


def test_a_new_browser_is_not_told_what_others_missed() -> None:
    made = track(replay=1)
    made.items.append(item(5, skipped=3))
    assert b"skipped" not in opening([made], None, replay=False)
    assert b"skipped" in opening([made], (4, 0), replay=False)


def test_a_page_can_have_both_the_replay_and_what_came_since() -> None:
    tracks = [track(1, 4, 5, 9, replay=2), track(2, 10, channel="a/y")]
    assert ids(opening(tracks, (5, 0), replay=True)) == ["5-0", "9-0", "10-0"]
    assert ids(opening(tracks, (20, 0), replay=True)) == ["5-0", "9-0"]


def test_the_retry_time_comes_first() -> None:
    assert opening([], None, replay=False) == b"retry: 1000\n\n"


def test_a_gap_is_told_when_the_history_is_full_and_begins_later() -> None:
    gap = b'event: watchfloor/gap\ndata: {"channel":"hello/orgs","missed":"some"}\n\n'
    full = track(*range(10), history=5)
    assert gap in opening([full], (3, 0), replay=False)
    assert gap not in opening([full], (5, 0), replay=False)
    assert gap not in opening([track(7, 8, history=5)], (3, 0), replay=False)
    assert gap not in opening([full], None, replay=False)


async def test_waiting_frames_go_out_as_one_chunk() -> None:
    client = Client(3)
    client.offer(b"a")
    client.offer(b"b")
    assert await client.next() == b"ab"


async def test_a_slow_browser_gets_the_newest_and_a_count() -> None:
    client = Client(2)
    for frame in (b"a", b"b", b"c", b"d"):
        client.offer(frame)
    assert await client.next() == b'event: watchfloor/dropped\ndata: {"count":2}\n\ncd'
    client.offer(b"e")
    assert await client.next() == b"e"


async def test_a_heartbeat_is_sent_when_nothing_else_is() -> None:
    client = Client(2)
    client.beat()
    assert await client.next() == b":\n\n"
    client.beat()
    client.offer(b"a")
    assert await client.next() == b"a"


async def test_a_closed_stream_ends() -> None:
    client = Client(2)
    client.offer(b"a")
    client.close()
    assert await client.next() == b""
