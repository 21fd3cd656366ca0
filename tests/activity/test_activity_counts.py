"""What is counted and published, and how it is read back: pieces of time, in any zone, right across DST."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from watchfloor import Activity, SightingReported, Tag
from watchfloor.testing import NOON, Applied, apply, attribute_shared, event, event_shared
from watchfloor_activity.buckets import by_piece, series, starts, width_of
from watchfloor_activity.handlers import HANDLERS
from watchfloor_activity.items import LONGEST, MOST_TAGS, NAME
from watchfloor_activity.keys import QUARTER

BERLIN, NEPAL, HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")
UUID = event().uuid


def run(*activities: Activity) -> Applied:
    """What all handlers want of these activities, in one batch."""
    results = [apply(h, *(a for a in activities if isinstance(a, h.activity))) for h in HANDLERS]
    return Applied([c for r in results for c in r.commands], [i for r in results for i in r.items], set())


def sighting(kind: Any = "sighting", **fields: Any) -> SightingReported:
    told = {
        "feed": "test",
        "received": NOON,
        "time": NOON,
        "event": event(),
        "uuid": "u",
    }
    return SightingReported(kind=kind, **{**told, **fields})


# --- handlers --------------------------------------------------------------------------------------


def test_a_new_attribute_counts_in_its_quarter_its_day_and_for_whom_it_came() -> None:
    at = datetime(2026, 11, 2, 12, 44, 59, tzinfo=UTC)
    assert sorted(run(attribute_shared(received=at)).commands) == [
        ("HINCRBY", "activity:days:20261102", "Network activity", 1),
        ("HINCRBY", "activity:quarters:20261102", "50:Network activity", 1),
        ("HSET", "activity:events:20261102", UUID, "Aurora CERT"),
    ]


def test_a_day_is_the_sites_and_a_quarter_is_in_utc() -> None:
    at = datetime(2026, 11, 3, 0, 10, tzinfo=BERLIN)
    commands = run(attribute_shared(received=at)).commands
    assert ("HINCRBY", "activity:days:20261103", "Network activity", 1) in commands
    assert ("HINCRBY", "activity:quarters:20261102", "92:Network activity", 1) in commands


def test_what_was_seen_before_is_shown_and_not_counted() -> None:
    applied = run(attribute_shared(new=False))
    assert applied.commands == []
    assert [(channel, item["new"]) for channel, item in applied.items] == [("attributes", False)]


def test_an_event_counts_once_a_day_with_its_attributes() -> None:
    commands = run(event_shared(), attribute_shared(), attribute_shared(uuid="other")).commands
    # Once from each handler; a field of a hash is there once.
    assert commands.count(("HSET", "activity:events:20261102", UUID, "Aurora CERT")) == 2


def test_an_event_without_a_uuid_is_told_apart_by_its_feed() -> None:
    commands = run(event_shared(event=event(uuid="", id="7", org=""))).commands
    assert commands == [("HSET", "activity:events:20261102", "test 7", "")]


@pytest.mark.parametrize(
    ("fields", "count"),
    [({}, 1), ({"new": False}, 0), ({"kind": "false-positive"}, 0), ({"kind": "expiration"}, 0)],
)
def test_sightings_are_counted_and_what_is_none_is_not(fields: dict[str, Any], count: int) -> None:
    assert run(sighting(**fields)).commands == [("INCRBY", "activity:sightings:20261102", 1)] * count


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"new": False}, False),
        ({"new": False, "action": "publish"}, True),
        ({"action": "edit"}, True),
    ],
)
def test_events_are_shown_when_they_are_new_or_published(fields: dict[str, Any], shown: bool) -> None:
    items = run(event_shared(**fields)).items
    assert [channel for channel, _ in items] == ["events"] * shown


def test_an_attribute_is_published_with_all_that_a_row_shows() -> None:
    tags = (Tag("1", "tlp:green", "#33ff00"),)
    (item,) = [item for _, item in run(attribute_shared(tags=tags, object="file", relation="sha1")).items]
    assert item == {
        "time": "2026-11-02T12:00:00Z", "feed": "test", "event_id": "42", "event_uuid": UUID,
        "event": "Phishing, week 44", "org": "Aurora CERT", "uuid": "0cda0c2f-3c87-40dd-bbc8-c8ea40057738",
        "category": "Network activity", "type": "ip-dst", "value": "198.51.100.7",
        "tags": [["tlp:green", "#33ff00"]], "to_ids": False, "object": "file", "relation": "sha1",
        "comment": "", "new": True,
    }  # fmt: skip


def test_hostile_lengths_are_cut_to_what_a_person_reads() -> None:
    long, tags = "x" * 100_000, tuple(Tag(str(i), f"{i}{'y' * 5000}", "") for i in range(1000))
    told = event(info=long, org=long, uuid=long, id=long)
    many = {"value": long, "comment": long, "type": long, "category": long, "uuid": long, "object": long}
    for activity in (
        attribute_shared(event=told, tags=tags, relation=long, **many),
        event_shared(event=told, tags=tags),
    ):
        applied = run(activity)
        for _, item in applied.items:
            assert len(item["tags"]) == MOST_TAGS
            assert all(len(tag) <= NAME for tag, _ in item["tags"])
            assert all(len(value) <= LONGEST for value in item.values() if isinstance(value, str))
        assert all(len(str(part)) <= NAME + 5 for command in applied.commands for part in command)


# --- reading ---------------------------------------------------------------------------------------


def at(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold)  # type: ignore[arg-type,misc]


def shown(pieces: list[datetime]) -> list[str]:
    return [piece.strftime("%d %H:%M %z") for piece in pieces]


def test_hours_begin_on_the_hour_of_the_viewers_clock() -> None:
    pieces = starts(at(NEPAL, 2026, 11, 2, 9, 20), at(NEPAL, 2026, 11, 2, 11, 5), NEPAL, "hour")
    assert shown(pieces) == ["02 09:00 +0545", "02 10:00 +0545", "02 11:00 +0545"]


def test_an_hour_is_missing_when_clocks_go_forward() -> None:
    pieces = starts(at(BERLIN, 2026, 3, 29, 1), at(BERLIN, 2026, 3, 29, 5), BERLIN, "hour")
    assert shown(pieces) == ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]


def test_an_hour_comes_twice_when_clocks_go_back() -> None:
    pieces = starts(at(BERLIN, 2026, 10, 25, 1), at(BERLIN, 2026, 10, 25, 4), BERLIN, "hour")
    assert shown(pieces) == ["25 01:00 +0200", "25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]


def test_half_an_hour_of_change_is_back_in_step_at_once() -> None:
    pieces = starts(at(HOWE, 2026, 10, 4, 1), at(HOWE, 2026, 10, 4, 5), HOWE, "hour")
    assert shown(pieces) == ["04 01:00 +1030", "04 02:30 +1100", "04 03:00 +1100", "04 04:00 +1100"]


@pytest.mark.parametrize("zone", [BERLIN, NEPAL, HOWE, ZoneInfo("UTC"), ZoneInfo("America/New_York")])
@pytest.mark.parametrize("width", ["hour", "quarter"])
def test_pieces_of_a_year_lie_end_to_end_and_each_count_is_in_one(zone: ZoneInfo, width: Any) -> None:
    since, until = at(zone, 2026, 1, 1), at(zone, 2027, 1, 1)
    pieces = starts(since, until, zone, width)
    assert pieces[0] == since
    assert all(a.timestamp() < b.timestamp() for a, b in pairwise(pieces))
    first, last = int(since.timestamp()) // QUARTER, int(until.timestamp()) // QUARTER
    counted = by_piece(pieces, until, days_of(range(first, last, 7)))
    assert sum(piece.get("x", 0) for piece in counted) == len(range(first, last, 7))


def days_of(quarters: Iterable[int]) -> dict[date, dict[str, str]]:
    """The keys of days in UTC with one x in each of these quarters, counted from 1970 on."""
    found: dict[date, dict[str, str]] = {}
    for quarter in quarters:
        began = datetime.fromtimestamp(quarter * QUARTER, UTC)
        found.setdefault(began.date(), {})[f"{quarter % 96}:x"] = "1"
    return found


def test_what_lies_outside_of_the_range_is_left_out() -> None:
    since, until = NOON, NOON + timedelta(hours=1)
    pieces = starts(since, until, ZoneInfo("UTC"), "quarter")
    quarter = int(since.timestamp()) // QUARTER
    assert by_piece(pieces, until, days_of(range(quarter - 2, quarter + 6))) == [{"x": 1}] * 4


def test_a_hash_that_holds_what_it_should_not_is_read_for_what_it_says() -> None:
    fields = {"0:a": "1", "95:b:c": "2", "96:late": "3", "x": "4", ":none": "5", "-1:a": "6"}
    since = datetime(2026, 11, 2, tzinfo=UTC)
    assert by_piece([since], since + timedelta(days=2), {since.date(): fields}) == [{"a": 1, "b:c": 2}]


def test_the_largest_five_have_numbers_of_their_own_and_zeros_where_there_is_nothing() -> None:
    pieces = [{name: n for n, name in enumerate("abcdefg", 1)}, {}, {"g": 1}]
    assert series(pieces) == {
        "g": [7, 0, 1], "f": [6, 0, 0], "e": [5, 0, 0], "d": [4, 0, 0], "c": [3, 0, 0],
        "all others": [3, 0, 0],
    }  # fmt: skip


def test_a_category_that_is_called_like_the_others_joins_the_others() -> None:
    pieces = [{"all others": 9, **dict.fromkeys("abcdef", 2)}]
    assert series(pieces) == {"all others": [13], "a": [2], "b": [2], "c": [2], "d": [2]}


@pytest.mark.parametrize(
    ("hours", "width"), [(1, "quarter"), (12, "quarter"), (13, "hour"), (192, "hour"), (193, "day")]
)
def test_pieces_are_as_fine_as_can_be_read(hours: int, width: str) -> None:
    since = NOON - timedelta(hours=hours)
    assert width_of(since, NOON, since) == width
    assert width_of(since, NOON, since + timedelta(seconds=1)) == "day"


# --- tags --------------------------------------------------------------------------------------------


def named(*names: str) -> tuple[Tag, ...]:
    return tuple(Tag("", name, "") for name in names)


@pytest.mark.parametrize(
    ("own", "of_event", "shown"),
    [
        ((), (), []),
        (("b", "a"), (), ["b", "a"]),
        ((), ("b", "a"), ["b", "a"]),
        (("own",), ("event",), ["own", "event"]),
        (("own",), ("event", "tlp:amber"), ["tlp:amber", "own", "event"]),
        (("own", "TLP:Red"), ("tlp:amber", "event"), ["TLP:Red", "tlp:amber", "own", "event"]),
        (("tlp:amber", "a"), ("a", "TLP:AMBER", "b"), ["tlp:amber", "a", "b"]),
        (("tlphouse",), ("tlp:clear",), ["tlp:clear", "tlphouse"]),
    ],
)
def test_tags_of_the_attribute_and_its_event_stand_together(
    own: tuple[str, ...], of_event: tuple[str, ...], shown: list[str]
) -> None:
    told = attribute_shared(tags=named(*own), event=event(tags=named(*of_event)))
    [(_, item)] = run(told).items
    assert [name for name, _ in item["tags"]] == shown


def test_a_traffic_light_is_not_cut_off() -> None:
    many = named(*(f"tag {number}" for number in range(MOST_TAGS * 2)))
    [(_, item)] = run(attribute_shared(tags=many, event=event(tags=named("tlp:red")))).items
    assert len(item["tags"]) == MOST_TAGS
    assert item["tags"][0][0] == "tlp:red"


def test_the_latest_events_show_what_their_own_message_told() -> None:
    shared = event_shared(tags=named("told", "tlp:green"), event=event(tags=named("known", "told")))
    [(_, item)] = run(shared).items
    assert [name for name, _ in item["tags"]] == ["tlp:green", "told"]
