"""What an event is tagged with: told, replaced, attached, detached, and found again; bounded and harmless."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest

from watchfloor import EVERYONE, AttributeShared, Event, EventActivity, EventShared, Message, Tag, misp
from watchfloor.misp import Names
from watchfloor.misp.tagged import MOST

_EVENT = {"id": "7", "info": "Phishing", "orgc_id": "2", "org_id": "1", "distribution": "3"}
_OBJECT = {"Object": {"name": "file", "event_id": "7"}, "action": "add"}
_OLD = (
    b'{"distribution":"3","event":{"id":"7","info":"Phishing","org":"Example CERT","org_id":"2",'
    b'"owner_id":"1","uuid":"u"},"sharing_group_id":"0"}'
)


def tag(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": str(1 + ord(name[-1])), "name": name, "colour": "#ffc000", "exportable": True, **fields}


def edited(*tags: dict[str, Any], **fields: Any) -> tuple[str, Any]:
    links = [{"local": row.get("local", False), "Tag": row} for row in tags]
    return "misp_json_event", {"Event": _EVENT, "EventTag": links, "action": "edit", **fields}


def published(*tags: dict[str, Any]) -> tuple[str, Any]:
    return "misp_json", {"Event": {**_EVENT, **({"Tag": list(tags)} if tags else {})}}


def moved(row: dict[str, Any], action: str, **fields: Any) -> tuple[str, Any]:
    return "misp_json_tag", {"Tag": {**row, "event_id": "7", **fields}, "action": action}


def attached(row: dict[str, Any]) -> tuple[str, Any]:
    return moved(row, "attached to event")


def detached(row: dict[str, Any]) -> tuple[str, Any]:
    return moved(row, "detached from event")


A, B, C = tag("tlp:amber"), tag("osint:b"), tag("type:c")
SECRET = tag("internal:s", exportable=False, local=True)


class Feed:
    """One feed's messages, what Redis has of its names, and a worker that may start afresh."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.names = Names()

    def restart(self) -> None:
        self.names = Names()

    def read(self, *messages: tuple[str, Any]) -> list[EventActivity]:
        """A batch: fetched at once, worked off in order, stored at once."""
        batch = [misp.decode(Message("here", to, json.dumps(body).encode(), 0.0)) for to, body in messages]
        missing = set().union(*(self.names.wanted(decoded) for decoded in batch))
        while missing:
            missing = self.names.load("here", {field: self.stored.get(field) for field in missing})
        found = [
            one for decoded in batch for one in misp.activities(decoded, self.names, lambda _: False, UTC)
        ]
        self.stored.update(self.names.changed().get("here", {}))
        self.names.committed()
        return [one for one in found if isinstance(one, EventActivity)]

    def event(self) -> Event:
        [activity] = self.read(("misp_json_object", _OBJECT))
        return activity.event

    def tags(self) -> list[str]:
        return [one.name for one in self.event().tags]


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.mark.parametrize("restart", [False, True], ids=["in memory", "after a restart"])
@pytest.mark.parametrize("telling", [edited(A, SECRET), published(A, SECRET)], ids=["edited", "published"])
def test_tags_are_known_once_told(feed: Feed, telling: tuple[str, Any], restart: bool) -> None:
    feed.read(telling)
    if restart:
        feed.restart()
    assert feed.event().tags == (
        Tag(A["id"], "tlp:amber", "#ffc000"),
        Tag(SECRET["id"], "internal:s", "#ffc000", local=True),
    )


def test_an_attribute_has_the_tags_of_its_event_beside_its_own(feed: Feed) -> None:
    row = {"type": "text", "event_id": "7", "Tag": [B]}
    told = {"Attribute": row, "Event": _EVENT, "action": "add"}
    _, shared = feed.read(edited(A), ("misp_json_attribute", told))
    assert isinstance(shared, AttributeShared)
    assert [one.name for one in shared.tags] == ["osint:b"]
    assert [one.name for one in shared.event.tags] == ["tlp:amber"]


def test_a_publication_gives_its_attributes_the_tags_that_it_tells(feed: Feed) -> None:
    topic, body = published(A)
    body["Event"]["Attribute"] = [{"type": "text", "distribution": "5"}]
    event, attribute = feed.read((topic, body))
    assert isinstance(event, EventShared)
    assert [one.name for one in attribute.event.tags] == [one.name for one in event.tags] == ["tlp:amber"]
    assert attribute.audience == EVERYONE


@pytest.mark.parametrize(
    ("telling", "all_tags"),
    [
        (edited(A), True),
        (edited(), True),
        (edited(EventTag=None), False),
        (edited(EventTag=None, Event={**_EVENT, "Tag": [A]}), True),
        (published(A), False),
    ],
    ids=["tags", "no tag", "nothing of tags", "tags in the event", "a publication"],
)
def test_it_is_known_whether_all_tags_were_told(feed: Feed, telling: tuple[str, Any], all_tags: bool) -> None:
    [event] = feed.read(telling)
    assert isinstance(event, EventShared)
    assert event.all_tags == all_tags


@pytest.mark.parametrize(
    ("messages", "known"),
    [
        ([attached(A), attached(B)], ["tlp:amber", "osint:b"]),
        ([attached(A), attached(B), attached(A)], ["tlp:amber", "osint:b"]),
        ([edited(A, B), detached(A)], ["osint:b"]),
        ([edited(A), detached(A)], []),
        ([edited(A), detached(B)], ["tlp:amber"]),
        ([edited(A, B), edited(C)], ["type:c"]),
        ([edited(A), edited()], []),
        ([edited(A), ("misp_json_event", {"Event": _EVENT, "action": "delete"})], ["tlp:amber"]),
        ([edited(A), ("misp_json_event", {"Event": "7", "Server": "3",
                                          "action": "edit_from_connected_server"})], ["tlp:amber"]),
        ([edited(A), edited(EventTag=None)], ["tlp:amber"]),
        ([edited(A, SECRET, B), published(C, A)], ["type:c", "tlp:amber", "internal:s"]),
        ([edited(A, SECRET), published()], ["internal:s"]),
        ([edited(A, SECRET), published(), detached(SECRET)], []),
        ([edited(A), moved(B, "attached to attribute", attribute_id="70")], ["tlp:amber"]),
        ([edited(A), moved(A, "detached from attribute", attribute_id="70")], ["tlp:amber"]),
        ([edited(A, B), attached({**A, "name": "TLP:AMBER+STRICT"})], ["TLP:AMBER+STRICT", "osint:b"]),
        ([edited(A, B), detached({**A, "name": "renamed"})], ["osint:b"]),
        ([edited(A, B), detached({"name": "TLP:Amber"})], ["osint:b"]),
        ([edited({"name": "a"}, {"name": "b"}), detached({"name": "a"})], ["b"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("batches", ["one", "each", "afresh"])
def test_what_is_known_follows_what_is_told(
    feed: Feed, messages: list[tuple[str, Any]], known: list[str], batches: str
) -> None:
    for batch in [messages] if batches == "one" else [[message] for message in messages]:
        feed.read(*batch)
        if batches == "afresh":
            feed.restart()
    assert feed.tags() == known


def test_what_comes_with_a_tag_that_moves_is_what_holds_from_then_on(feed: Feed) -> None:
    first, second, third = feed.read(attached(A), attached(B), detached(A))
    assert [len(one.event.tags) for one in (first, second, third)] == [1, 2, 1]


def test_a_batch_that_is_worked_off_again_comes_to_the_same(feed: Feed) -> None:
    messages = [edited(A), attached(B), attached(SECRET), published(A), detached(A), attached(C)]
    once = feed.read(*messages)
    stored = dict(feed.stored)
    feed.stored.clear()
    feed.restart()
    assert feed.read(*messages) == once
    assert feed.stored == stored
    feed.read(*messages)
    assert feed.stored == stored


def test_what_is_told_again_is_not_stored_again(feed: Feed) -> None:
    feed.read(edited(A, B))
    feed.stored.clear()
    feed.read(edited(A, B), published(A, B), attached(B))
    assert not [field for field in feed.stored if field.startswith("tags:")]


def test_events_and_feeds_do_not_share_tags(feed: Feed) -> None:
    feed.read(edited(A))
    [other] = feed.read(("misp_json_object", {"Object": {"name": "file", "event_id": "8"}}))
    assert other.event == Event("8")


def test_an_event_that_an_older_version_stored_is_known_and_learns_its_tags(feed: Feed) -> None:
    feed.stored["event:7"] = _OLD
    assert feed.event() == Event("7", "u", "Phishing", "Example CERT", "2", "1")
    feed.read(attached(A))
    feed.restart()
    assert feed.event() == Event(
        "7", "u", "Phishing", "Example CERT", "2", "1", (Tag(A["id"], "tlp:amber", "#ffc000"),)
    )
    assert feed.stored["event:7"] == _OLD


@pytest.mark.parametrize(
    "rubbish", [b"", b"null", b"{", b"3", b'[["a"],3]', b'[{"name":"a"}]', b"[[]]", b'[["\xff"]]']
)
def test_rubbish_in_redis_counts_as_no_tags(feed: Feed, rubbish: bytes) -> None:
    feed.stored.update({"event:7": _OLD, "tags:7": rubbish})
    assert feed.event() == Event("7", "u", "Phishing", "Example CERT", "2", "1")
    feed.read(attached(A))
    feed.restart()
    assert feed.tags() == ["tlp:amber"]


def test_what_is_kept_is_bounded(feed: Feed) -> None:
    many = [{"id": "9" * 5000, "name": f"{number}:" + "x" * 100_000} for number in range(1000)]
    feed.read(edited(*many))
    assert len(feed.stored["tags:7"]) < MOST * 400
    feed.restart()
    kept = feed.event().tags
    assert len(kept) == MOST
    assert {len(one.name) for one in kept} == {255}
    feed.read(*(attached(row) for row in many))
    assert len(feed.event().tags) == MOST
    feed.read(*(detached(row) for row in many))
    assert feed.tags() == []


def test_hostile_tags_are_text_like_any_other(feed: Feed) -> None:
    names = [
        "<script>alert(1)</script>",
        "tags:8",
        "\x00\x1b[2J",
        "\u202egpj.exe",
        "a\nb",
        '"],["x"',
        "é" * 9,
    ]
    feed.read(edited(*({"id": str(i), "name": name, "colour": "red;}"} for i, name in enumerate(names, 1))))
    feed.restart()
    assert feed.tags() == names
    assert {one.colour for one in feed.event().tags} == {""}
    assert {field.partition(":")[0] for field in feed.stored} <= {"event", "org", "tags"}
    assert "tags:8" not in feed.stored


@pytest.mark.parametrize("name", [None, "", False])
def test_a_tag_without_a_name_is_none(feed: Feed, name: Any) -> None:
    feed.read(edited(A, {"id": "3", "name": name}), attached({"id": "3", "name": name}))
    assert feed.tags() == ["tlp:amber"]


@pytest.mark.parametrize("id_", ["", "0", "x" * 41])
def test_tags_of_an_event_without_an_id_are_told_and_not_kept(feed: Feed, id_: str) -> None:
    [event] = feed.read(("misp_json", {"Event": {**_EVENT, "id": id_, "uuid": "u", "Tag": [A]}}))
    assert [one.name for one in event.event.tags] == ["tlp:amber"]
    assert not [field for field in feed.stored if field.startswith("tags:")]
