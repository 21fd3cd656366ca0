"""New or seen: versions by UUID and time stamp, over all topics and feeds."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from watchfloor import misp
from watchfloor.misp import Activity, Message, Names

_UUID = "22222222-2222-4222-8222-222222222222"
_ATTRIBUTE: dict[str, Any] = {"type": "ip-dst", "uuid": _UUID, "timestamp": "1767225600", "event_id": "7"}


class Seen:
    """What the worker keeps: asked once for each version, in order."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, version: bytes) -> bool:
        self.asked.append(version)
        return version in self.asked[:-1]


def read(topic: str, body: Any, seen: Seen, feed: str = "here") -> list[Activity]:
    """What a message means."""
    decoded = misp.decode(Message(feed, topic, json.dumps(body).encode(), 1767229200.0))
    before = len(seen.asked)
    activities = misp.activities(decoded, Names(), seen, UTC)
    assert seen.asked[before:] == misp.versions(decoded)
    return activities


def shared(attribute: dict[str, Any], action: str = "add") -> dict[str, Any]:
    """An attribute message."""
    return {"Attribute": attribute, "action": action}


def test_a_publication_repeats_what_was_seen() -> None:
    seen = Seen()
    [first] = read("misp_json_attribute", shared(_ATTRIBUTE), seen)
    publication = {"Event": {"id": "7", "uuid": "e", "timestamp": 1, "Attribute": [_ATTRIBUTE]}}
    event, again = read("misp_json", publication, seen)
    assert (first.new, event.new, again.new) == (True, True, False)
    assert [activity.new for activity in read("misp_json", publication, seen)] == [False, False]


def test_another_feed_repeats_it_as_well() -> None:
    seen = Seen()
    [here] = read("misp_json_attribute", shared(_ATTRIBUTE), seen)
    [there] = read("misp_json_attribute", shared(_ATTRIBUTE), seen, feed="there")
    assert (here.new, there.new) == (True, False)


def test_an_edit_is_a_new_version() -> None:
    seen = Seen()
    read("misp_json_attribute", shared(_ATTRIBUTE), seen)
    [edit] = read("misp_json_attribute", shared({**_ATTRIBUTE, "timestamp": "1767225601"}, "edit"), seen)
    assert edit.new


def test_numbers_and_upper_case_are_the_same_version() -> None:
    seen = Seen()
    read("misp_json_attribute", shared(_ATTRIBUTE), seen)
    same = {**_ATTRIBUTE, "timestamp": 1767225600, "uuid": _UUID.upper()}
    assert [activity.new for activity in read("misp_json_attribute", shared(same), seen)] == [False]


def test_a_deletion_is_new_once() -> None:
    seen = Seen()
    read("misp_json_attribute", shared(_ATTRIBUTE), seen)
    deletions = [read("misp_json_attribute", shared(_ATTRIBUTE, "delete"), seen)[0].new for _ in range(2)]
    assert deletions == [True, False]


def test_a_sighting_is_the_same_on_its_own_and_in_its_attribute() -> None:
    seen = Seen()
    sighting = {"uuid": "s", "date_sighting": "1767225600", "org_id": "3", "attribute_id": "70"}
    [alone] = read("misp_json_sighting", {"Sighting": sighting, "action": "add"}, seen)
    attribute, within = read("misp_json_attribute", shared({**_ATTRIBUTE, "Sighting": [sighting]}), seen)
    assert (alone.new, attribute.new, within.new) == (True, True, False)


def test_kinds_do_not_collide() -> None:
    same = {"uuid": "u", "timestamp": "1767225600", "type": "x", "name": "x", "id": "1"}
    seen = Seen()
    read(
        "misp_json",
        {"Event": {**same, "Attribute": [same], "Object": [same], "ShadowAttribute": [same]}},
        seen,
    )
    read("misp_json_sighting", {"Sighting": {**same, "date_sighting": "1767225600"}}, seen)
    read("misp_json_object_reference", {"ObjectReference": same, "action": "add"}, seen)
    for topic, kind in (("event", "Event"), ("attribute", "Attribute"), ("object", "Object")):
        read(f"misp_json_{topic}", {kind: same, "action": "delete"}, seen)
    assert len(seen.asked) == len(set(seen.asked)) == 9


def test_without_uuid_or_time_stamp_all_is_new() -> None:
    seen = Seen()
    for missing in ("uuid", "timestamp"):
        row = {name: value for name, value in _ATTRIBUTE.items() if name != missing}
        assert [read("misp_json_attribute", shared(row), seen)[0].new for _ in range(2)] == [True, True]
    assert seen.asked == []
