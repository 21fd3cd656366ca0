"""What counts as a trend, and that a database of the old misp-dashboard reads on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from watchfloor import EVERYONE, Activity, PostWritten, SightingReported, Tag
from watchfloor.testing import (
    NOON,
    Applied,
    FeedUnderTest,
    SiteMaker,
    apply,
    attribute_shared,
    event,
    event_shared,
)
from watchfloor_trendings.announce import announce
from watchfloor_trendings.handlers import HANDLERS
from watchfloor_trendings.keys import CHANGED, EVENTS, FAMILIES, LONGEST, SIGHTINGS, TAGS
from watchfloor_trendings.labels import Label, Labels, fold, read_label

DAY = date(2024, 10, 21)
THEN = datetime(2024, 10, 21, 23, 59, tzinfo=UTC)
TLP = Tag("2", "tlp:white", "#ffffff")


def count(*activities: Activity) -> Applied:
    """The commands of all handlers that take these activities."""
    results = [apply(h, *(a for a in activities if isinstance(a, h.activity))) for h in HANDLERS]
    return Applied(
        [command for result in results for command in result.commands],
        [],
        {what for result in results for what in result.touched},
    )


def sighting(kind: Any, **fields: Any) -> SightingReported:
    told = {
        "feed": "test",
        "received": NOON,
        "time": THEN,
        "audience": EVERYONE,
        "event": event(),
        "uuid": "u",
    }
    return SightingReported(kind=kind, **{**told, **fields})


def post(title: str, **fields: Any) -> PostWritten:
    told = {"feed": "test", "received": NOON, "time": THEN, "event": event(), "thread_id": "6", "org": "A"}
    return PostWritten(title=title, **{**told, **fields})


def test_each_kind_counts_on_its_key_by_misps_own_time() -> None:
    applied = count(
        event_shared(time=THEN, tags=(TLP,)),
        attribute_shared(time=THEN, tags=(TLP,)),
        sighting("sighting"),
        sighting("false-positive"),
        post("Phishing, week 44"),
    )
    tag = '{"id": "2", "name": "tlp:white", "colour": "#ffffff"}'
    assert sorted(applied.commands) == [
        ("INCRBY", "TRENDINGS_SIGHT_false_positive:20241021", 1),
        ("INCRBY", "TRENDINGS_SIGHT_sightings:20241021", 1),
        ("ZINCRBY", "TRENDINGS_CATEGS:20241021", 1, "Network activity"),
        ("ZINCRBY", "TRENDINGS_DISC:20241021", 1, "Phishing, week 44"),
        ("ZINCRBY", "TRENDINGS_EVENTS:20241021", 1, "Phishing, week 44"),
        ("ZINCRBY", "TRENDINGS_TAGS:20241021", 1, tag),
        ("ZINCRBY", "TRENDINGS_TAGS:20241021", 1, tag),
        ("ZINCRBY", "TRENDINGS_TYPES:20241021", 1, "ip-dst"),
    ]
    kinds = ("events", "categories", "tags", "types", "discussions", "sightings")
    assert applied.touched == {f"{kind} 20241021" for kind in kinds}


def test_a_version_that_was_seen_before_counts_for_nothing() -> None:
    seen = count(
        event_shared(new=False, tags=(TLP,)),
        attribute_shared(new=False, tags=(TLP,)),
        sighting("sighting", new=False),
    )
    assert seen.commands == []


def test_expirations_are_neither_sightings_nor_false_positives() -> None:
    assert count(sighting("expiration")).commands == []


def test_what_has_no_name_does_not_count_and_a_nameless_discussion_gets_one() -> None:
    assert count(event_shared(event=event(info="")), attribute_shared(category="", type="")).commands == []
    assert count(post("")).commands == [("ZINCRBY", "TRENDINGS_DISC:20241021", 1, "Thread 6 on test")]


def test_a_title_is_cut_to_what_a_person_could_read() -> None:
    [command] = count(event_shared(event=event(info="x" * 100_000))).commands
    assert len(command[3]) == LONGEST


def announced(*touched: str) -> Applied:
    return apply(lambda _, writes: announce(touched, None, writes), event_shared())  # type: ignore[arg-type]


def test_browsers_hear_once_of_each_list_that_changed() -> None:
    applied = announced("events 20241021", "events 20241022", "sightings 20241021")
    assert applied.items == [
        ("events", {"changed": "events"}),
        ("sightings", {"changed": "sightings"}),
        ("lists", {"changed": "lists"}),
    ]


def test_tags_of_an_event_count_for_the_event_alone() -> None:
    tagged = event(tags=(TLP,))
    assert count(attribute_shared(event=tagged)).commands == count(attribute_shared()).commands
    assert count(event_shared(event=tagged)).commands == count(event_shared()).commands
    assert count(post("x", event=tagged)).commands == count(post("x")).commands


def test_each_day_that_changed_gets_a_mark_that_no_other_was() -> None:
    marks = set()
    for _ in range(3):
        [(verb, key, *pairs)] = announced("tags 20241231", "tags 20241230", "sightings 20241231").commands
        assert (verb, key, set(pairs[::2])) == (
            "HSET",
            CHANGED(kind="tags", year=2024),
            {"20241231", "20241230"},
        )
        marks |= set(pairs[1::2])
    assert len(marks) == 6


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ('{"id": "2", "name": "tlp:white", "colour": "#ffffff"}', Label("tlp:white", "#ffffff")),
        ('{"id": "2", "name": "x", "colour": "red;background:url(//x)"}', Label("x")),
        ('{"id": "2", "name": "x", "colour": "#ffffff\\n"}', Label("x")),
        ('{"name": 5}', Label("5")),
        ("[]", Label("[]")),
        ("[" * 100_000, Label("[" * LONGEST)),
        ("no json", Label("no json")),
        ('{"id": 1}', Label('{"id": 1}')),
    ],
)
def test_members_of_any_origin_read_as_tags(member: str, expected: Label) -> None:
    assert read_label(member, tag=True) == expected


def test_a_tag_of_two_instances_is_one_label_with_the_colour_met_last() -> None:
    labels = Labels(tags=True)
    members = [
        '{"id": "2", "name": "tlp:red", "colour": "#ff0000"}',
        '{"id": "7", "name": "tlp:red", "colour": "#cc0000"}',
    ]
    assert labels.numbers(members) == [0, 0]
    assert (labels.texts, labels.colours) == (["tlp:red"], {0: "#cc0000"})


@pytest.mark.parametrize(
    ("text", "folded"),
    [("ÉTÉ", "ete"), ("Straße", "strasse"), ("İstanbul", "istanbul"), ("ﬁle", "file"), ("Ώρα", "ωρα")],
)
def test_a_search_minds_neither_case_nor_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_an_old_database_reads_back_and_its_counters_go_on(make_site: SiteMaker) -> None:
    """Members as Python's json.dumps wrote them, as the old program did."""
    site = make_site({"trendings": {}})
    old = json.dumps({"id": "2", "name": "tlp:white", "colour": "#ffffff"})
    site.redis.zincrby("TRENDINGS_TAGS:20241021", 5, old)
    site.redis.zincrby("TRENDINGS_EVENTS:20241021", 4, "OSINT - événement “42”")
    site.redis.zincrby("TRENDINGS_CATEGS:20241021", 3, "Network activity")
    site.redis.zincrby("TRENDINGS_DISC:20241021", 2, "Old discussion")
    site.redis.set("TRENDINGS_SIGHT_sightings:20241021", 7)
    site.redis.set("TRENDINGS_SIGHT_false_positive:20241021", 8)
    for command in count(attribute_shared(time=THEN, tags=(TLP,)), sighting("sighting")).commands:
        site.redis.execute_command(*command)
    assert site.redis.zscore(TAGS(date=DAY), old) == 6
    assert site.redis.get(SIGHTINGS(date=DAY)) == b"8"
    with TestClient(site.app()) as browser:
        page = browser.get("/trendings/?from=2024-10-21&to=2024-10-22").text
    for shown in ("tlp:white", "OSINT - événement “42”", "Network activity", "Old discussion"):
        assert shown in page


def test_every_family_of_the_old_program_and_two_new_ones_are_declared_exactly() -> None:
    assert {family.pattern: family.kind for family in FAMILIES} == {
        "TRENDINGS_EVENTS:{date}": "zset",
        "TRENDINGS_CATEGS:{date}": "zset",
        "TRENDINGS_TAGS:{date}": "zset",
        "TRENDINGS_TYPES:{date}": "zset",
        "TRENDINGS_DISC:{date}": "zset",
        "TRENDINGS_SIGHT_sightings:{date}": "string",
        "TRENDINGS_SIGHT_false_positive:{date}": "string",
        "trendings:changed:{kind}:{year}": "hash",
    }


def test_retention_is_a_setting(make_feed: Callable[..., FeedUnderTest]) -> None:
    feed = make_feed(plugins={"trendings": {"retention_days": 30}})
    feed.send("misp_json_event", {"Event": {"id": "7", "info": "Phishing"}, "action": "add"})
    feed.settle(1)
    today = datetime.now(UTC).date()
    for key in (EVENTS(date=today), CHANGED(kind="events", year=today.year)):
        assert 29 * 86_400 < feed.site.redis.ttl(key) <= 31 * 86_400
