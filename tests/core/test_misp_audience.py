"""Who may see what, against MISP's rule read word for word, for every organisation."""

from __future__ import annotations

import json
import random
from datetime import UTC
from typing import Any, cast

import pytest

from watchfloor import EVERYONE, NOBODY, Activity, Audience, Message, misp
from watchfloor.misp import Names

_ORGS = [str(number) for number in range(1, 7)]
_GROUPS: dict[str, dict[str, Any]] = {
    "11": {"members": {"2", "3"}, "all": False},
    "12": {"members": {"4"}, "all": True},
    "13": {"members": set(), "all": False},
    "14": {"members": {"1", "5"}, "all": False},
    "99": {},  # nobody ever tells of this one
}


def group_row(id_: str) -> dict[str, Any]:
    """A sharing group as MISP describes it."""
    group = _GROUPS[id_]
    orgs = [{"org_id": org, "Organisation": {"id": org, "name": f"org {org}"}} for org in group["members"]]
    servers = [{"server_id": "7", "all_orgs": True}]
    if group["all"]:
        servers.append({"server_id": "0", "all_orgs": True})
    return {"id": id_, "name": "g", "SharingGroupOrg": orgs, "SharingGroupServer": servers}


def teach(names: Names) -> None:
    """Let the feed describe its groups."""
    for id_, group in _GROUPS.items():
        if group:
            event = {"id": f"10{id_}", "distribution": "4", "sharing_group_id": id_}
            read("misp_json", {"Event": {**event, "SharingGroup": group_row(id_)}}, names)


def read(topic: str, body: Any, names: Names) -> list[Activity]:
    """What a message means."""
    decoded = misp.decode(Message("here", topic, json.dumps(body).encode(), 1767229200.0))
    names.load("here", dict.fromkeys(names.wanted(decoded)))
    return misp.activities(decoded, names, lambda version: False, UTC)


def in_group(org: str, row: dict[str, Any]) -> bool:
    """Whether the row is shared with a group that the organisation belongs to."""
    group = _GROUPS[row["sharing_group_id"]]
    return row["distribution"] == "4" and bool(group) and (group["all"] or org in group["members"])


def may_see(org: str, event: dict[str, Any], obj: dict[str, Any] | None, attribute: dict[str, Any]) -> bool:
    """MISP's rule, clause by clause."""
    if event["org_id"] == org:
        return True
    event_open = event["distribution"] in ("1", "2", "3") or in_group(org, event)
    attribute_open = attribute["distribution"] in ("1", "2", "3", "5") or in_group(org, attribute)
    object_open = attribute["object_id"] == "0" or (
        obj is not None and (obj["distribution"] in ("1", "2", "3", "5") or in_group(org, obj))
    )
    return event_open and attribute_open and object_open


def sees(audience: Audience, org: str) -> bool:
    """Whether the organisation is in the audience."""
    return audience.everyone or org in audience.organisations


def level(random_: random.Random, distributions: str) -> dict[str, str]:
    """How far something is shared."""
    return {
        "distribution": random_.choice(distributions),
        "sharing_group_id": random_.choice(list(_GROUPS)),
    }


def test_every_organisation_sees_what_misp_shows_it() -> None:
    random_ = random.Random(2)
    names = Names()
    teach(names)
    for number in range(2_000):
        event = {"id": str(number), "org_id": random_.choice(_ORGS), **level(random_, "01234")}
        object_id = random_.choice(["0", "9"])
        attribute = {"type": "text", "object_id": object_id, **level(random_, "012345")}
        told = {"id": "9", "name": "file", **level(random_, "012345")} if random_.random() < 0.8 else None
        body = {"Attribute": attribute, "Event": event, "action": "add"}
        if object_id != "0" and told:
            body["Object"] = told
        [activity] = read("misp_json_attribute", body, names)
        for org in _ORGS:
            assert sees(activity.audience, org) == may_see(org, event, told, attribute), body


def event_row(**changes: str) -> dict[str, Any]:
    """An event of organisation 1."""
    return {"id": "7", "org_id": "1", "distribution": "3", "sharing_group_id": "0", **changes}


@pytest.mark.parametrize(
    ("distribution", "group", "audience"),
    [
        ("0", "0", {"1"}),
        ("1", "0", "everyone"),
        ("2", "0", "everyone"),
        ("3", "0", "everyone"),
        ("4", "11", {"1", "2", "3"}),
        ("4", "12", "everyone"),
        ("4", "13", {"1"}),
        ("4", "99", {"1"}),
        ("4", "", {"1"}),
        ("5", "0", {"1"}),
        ("", "0", {"1"}),
        ("x", "0", {"1"}),
    ],
)
def test_who_sees_an_event(distribution: str, group: str, audience: Any) -> None:
    names = Names()
    teach(names)
    row = event_row(distribution=distribution, sharing_group_id=group)
    [activity] = read("misp_json_event", {"Event": row, "action": "add"}, names)
    assert activity.audience == (EVERYONE if audience == "everyone" else Audience(False, frozenset(audience)))


def test_an_unknown_event_is_seen_by_nobody() -> None:
    for topic, body in (
        ("misp_json_event", {"Event": "7", "Server": "1", "action": "add_from_connected_server"}),
        (
            "misp_json_object",
            {"Object": {"name": "file", "event_id": "7", "distribution": "3"}, "action": "add"},
        ),
        ("misp_json_attribute", {"Attribute": {"type": "x", "event_id": "7", "distribution": "3"}}),
        ("misp_json_tag", {"Tag": {"name": "x", "event_id": "7"}, "action": "attached to event"}),
    ):
        assert [activity.audience for activity in read(topic, body, Names())] == [NOBODY]


def test_the_deletion_of_an_attribute_is_seen_by_who_saw_it() -> None:
    names = Names()
    teach(names)
    read("misp_json_event", {"Event": event_row(), "action": "add"}, names)
    row = {"type": "x", "event_id": "7", "object_id": "0", "distribution": "4", "sharing_group_id": "11"}
    [deletion] = read("misp_json_attribute", {"Attribute": row, "action": "delete"}, names)
    assert deletion.audience.organisations == {"1", "2", "3"}


def test_what_hangs_on_an_untold_part_is_its_owners() -> None:
    names = Names()
    read("misp_json_event", {"Event": event_row(), "action": "add"}, names)
    tag = {"Tag": {"name": "x", "event_id": "7", "attribute_id": "1"}, "action": "attached to attribute"}
    reference = {"ObjectReference": {"uuid": "r", "event_id": "7"}, "action": "add"}
    for topic, body in (("misp_json_tag", tag), ("misp_json_object_reference", reference)):
        assert read(topic, body, names)[0].audience.organisations == {"1"}
    attached = {"Tag": {"name": "x", "event_id": "7"}, "action": "attached to event"}
    assert read("misp_json_tag", attached, names)[0].audience == EVERYONE


@pytest.mark.parametrize(
    ("event", "attribute", "audience"),
    [
        ({}, {"distribution": "5"}, {"1", "6"}),
        ({"distribution": "0"}, {"distribution": "5"}, {"1"}),
        ({}, {"distribution": "0"}, {"1"}),
        ({"distribution": "4", "sharing_group_id": "11"}, {"distribution": "5"}, {"1"}),
        ({"distribution": "4", "sharing_group_id": "12"}, {"distribution": "5"}, {"1", "6"}),
    ],
)
def test_a_sighting_is_its_reporters_and_the_owners(
    event: dict[str, str], attribute: dict[str, str], audience: set[str]
) -> None:
    names = Names()
    teach(names)
    row = {"type": "x", "Sighting": [{"uuid": "s", "org_id": "6"}], **attribute}
    body = {"Attribute": row, "Event": event_row(**event), "action": "edit"}
    _, sighting = read("misp_json_attribute", body, names)
    assert sighting.audience.organisations == audience


@pytest.mark.parametrize(
    ("thread", "audience"),
    [
        ({"distribution": "0"}, {"3"}),
        ({"distribution": "1"}, "everyone"),
        ({"distribution": "3"}, "everyone"),
        ({"distribution": "4", "sharing_group_id": "11"}, {"2", "3"}),
        ({"distribution": "4", "sharing_group_id": "99"}, set()),
        ({"distribution": "5"}, set()),
        ({"distribution": "5", "event_id": "7"}, {"1", "2", "3"}),
        ({"distribution": "3", "event_id": "7"}, {"1", "2", "3"}),
        ({"distribution": "0", "event_id": "7"}, {"3"}),
        ({"distribution": "3", "event_id": "8"}, set()),
    ],
)
def test_who_follows_a_discussion(thread: dict[str, str], audience: Any) -> None:
    names = Names()
    teach(names)
    event = event_row(distribution="4", sharing_group_id="11")
    read("misp_json_event", {"Event": event, "action": "add"}, names)
    said = {"user_id": "4", "org_id": "3", "date_created": "2026/01/01 02:00:00"}
    [opened] = read(
        "misp_json_conversation", {"Thread": {"title": "t", "event_id": "0", **said, **thread}}, names
    )
    [post] = read("misp_json_conversation", {"Post": {"thread_id": "6", **said}}, names)
    expected = EVERYONE if audience == "everyone" else Audience(False, frozenset(cast("set[str]", audience)))
    assert (opened.audience, post.audience) == (expected, expected)
