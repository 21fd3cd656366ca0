"""When a simulated MISP says it: order, days and nights, bursts, repetition."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest

from watchfloor.simulate import Message, World, history, live
from watchfloor.simulate.tempo import daily

END = 1_800_000_000.0
DAY = 86_400.0


def week(seed: int = 1, count: int = 10_000) -> list[Message]:
    return list(history(World(seed), end=END, days=7, count=count))


def event_ids(messages: list[Message]) -> list[int]:
    """The ids of the events that were added."""
    added = [json.loads(m.body) for m in messages if m.topic == "misp_json_event"]
    return [int(body["Event"]["id"]) for body in added if body["action"] == "add"]


def test_the_same_seed_says_the_same() -> None:
    assert week(3, 2000) == week(3, 2000)


def test_another_seed_says_something_else() -> None:
    assert week(3, 2000) != week(4, 2000)


def test_a_frame_is_topic_space_body() -> None:
    assert Message(1.0, "misp_json", b"{}").frame == b"misp_json {}"


@pytest.mark.parametrize("count", [500, 10_000])
def test_history_holds_about_as_many_messages_as_asked_for(count: int) -> None:
    said = [message for message in week(count=count) if message.topic != "misp_json_self"]

    assert abs(len(said) - count) < 300


def test_history_stays_within_its_days_and_in_order() -> None:
    times = [message.time for message in week()]

    assert times == sorted(times)
    assert END - 7 * DAY <= times[0] < END - 6.5 * DAY
    assert END - 0.5 * DAY < times[-1] <= END


def test_days_are_busier_than_nights_and_weekdays_than_weekends() -> None:
    moments = [datetime.fromtimestamp(message.time, UTC) for message in week(count=20_000)]
    hours = Counter(moment.hour for moment in moments)
    days = Counter(moment.weekday() for moment in moments)

    assert sum(hours[h] for h in range(9, 17)) > 3 * sum(hours[h] for h in (22, 23, 0, 1, 2, 3, 4, 5))
    assert sum(days[d] for d in range(5)) / 5 > 2 * (days[5] + days[6]) / 2


def test_the_day_is_that_of_the_worlds_zone() -> None:
    noon = datetime(2026, 6, 3, 12, tzinfo=UTC).timestamp()

    assert daily(noon, UTC) > 3 * daily(noon, timezone(timedelta(hours=12)))


def test_keep_alives_come_in_idle_moments_only() -> None:
    messages = list(islice(live(World(1), start=END, rate=0.5), 2000))
    silences = [
        after.time - before.time for before, after in pairwise(messages) if after.topic == "misp_json_self"
    ]

    assert silences
    assert silences == pytest.approx([10.0] * len(silences))
    assert max(after.time - before.time for before, after in pairwise(messages)) <= 10.0001


def test_a_busy_world_sends_no_keep_alive() -> None:
    messages = islice(live(World(1), start=END, rate=100), 5000)

    assert all(message.topic != "misp_json_self" for message in messages)


@pytest.mark.parametrize("rate", [0.1, 5.0, 50.0])
def test_live_keeps_its_rate_in_the_long_run(rate: float) -> None:
    messages = list(islice(live(World(2), start=END, rate=rate), 20_000))
    said = [message.time for message in messages if message.topic != "misp_json_self"]

    assert messages[0].time - END < 30 + 100 / rate
    assert len(said) / (said[-1] - said[0]) == pytest.approx(rate, rel=0.2)


def test_live_comes_in_bursts() -> None:
    times = [message.time for message in islice(live(World(2), start=END, rate=10.0), 20_000)]
    quarters = sorted(Counter(int(time // 15) for time in times).values())

    assert quarters[len(quarters) * 19 // 20] > 2 * quarters[len(quarters) // 2]


def test_live_with_nights_follows_the_hours() -> None:
    messages = islice(live(World(2), start=END, rate=0.1, nights=True), 60_000)
    hours = Counter(datetime.fromtimestamp(m.time, UTC).hour for m in messages if m.topic != "misp_json_self")

    assert hours[10] > 4 * hours[2]


def test_live_goes_on_where_history_stopped() -> None:
    world = World(5)
    past = list(history(world, end=END, days=2, count=3000))
    present = list(islice(live(world, start=END, rate=50), 3000))

    ids = event_ids(past) + event_ids(present)
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert present[0].time >= max(past[-1].time, END)
    known = set(event_ids(past))
    sighted = [json.loads(m.body)["Sighting"] for m in present if m.topic == "misp_json_sighting"]
    assert any(int(sighting["event_id"]) in known for sighting in sighted)


def test_time_never_goes_back_even_when_live_starts_before_the_end_of_history() -> None:
    world = World(5)
    past = list(history(world, end=END, days=1, count=500))

    assert next(live(world, start=END - DAY, rate=50)).time >= past[-1].time


def test_what_happened_is_stamped_with_the_time_of_its_message() -> None:
    for message in week(count=2000):
        if message.topic == "misp_json_attribute":
            body = json.loads(message.body)
            assert int(body["Attribute"]["timestamp"]) <= message.time
