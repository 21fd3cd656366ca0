"""The shapes, the mix and the consistency of what a simulated MISP says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from watchfloor.simulate import Message, World, history

END = 1_800_000_000.0


def keys(text: str) -> list[str]:
    """The names of keys, in order."""
    return text.split()


EVENT_ROW = keys(
    """
    id org_id date info user_id uuid published analysis attribute_count orgc_id timestamp
    distribution sharing_group_id proposal_email_lock locked threat_level_id publish_timestamp
    sighting_timestamp disable_correlation extends_uuid protected
    """
)
EVENT_BRIEF = keys(
    """
    id date info uuid published analysis threat_level_id org_id orgc_id distribution
    sharing_group_id Orgc
    """
)
ATTRIBUTE_ROW = keys(
    """
    id event_id object_id object_relation category type value1 value2 to_ids uuid timestamp
    distribution sharing_group_id comment deleted disable_correlation first_seen last_seen value
    """
)
OBJECT_ROW = keys(
    """
    id name meta-category description template_uuid template_version event_id uuid timestamp
    distribution sharing_group_id comment deleted first_seen last_seen
    """
)
TAG_ROW = keys(
    """
    id name colour exportable org_id user_id hide_tag numerical_value is_galaxy is_custom_galaxy
    local_only
    """
)
PUBLISHED_EVENT = keys(
    """
    id orgc_id org_id date threat_level_id info published uuid attribute_count analysis timestamp
    distribution proposal_email_lock locked publish_timestamp sharing_group_id disable_correlation
    extends_uuid protected event_creator_email Org Orgc Attribute ShadowAttribute RelatedEvent
    Galaxy Object EventReport CryptographicKey
    """
)
PUBLISHED_ATTRIBUTE = keys(
    """
    id type category to_ids uuid event_id distribution timestamp comment sharing_group_id deleted
    disable_correlation object_id object_relation first_seen last_seen value Galaxy ShadowAttribute
    """
)

Said = list[tuple[Message, Any]]


@pytest.fixture(scope="module")
def said() -> Said:
    messages = history(World(7), end=END, days=7, count=20_000)
    return [(message, json.loads(message.body)) for message in messages]


def bodies(said: Said, topic: str) -> list[Any]:
    return [body for message, body in said if message.topic == topic]


def of_action(said: Said, topic: str, action: str) -> list[Any]:
    found = [body for body in bodies(said, topic) if body.get("action") == action]
    assert found, f"no {topic} {action}"
    return found


def test_every_topic_and_shape_is_there(said: Said) -> None:
    seen = {(m.topic, body.get("action") if isinstance(body, dict) else "list") for m, body in said}

    assert seen == {
        ("misp_json", None),
        *(("misp_json_event", a) for a in ("add", "edit", "delete")),
        *(("misp_json_event", f"{a}_from_connected_server") for a in ("add", "edit")),
        *(("misp_json_attribute", a) for a in ("add", "edit", "soft-delete", "delete")),
        *(("misp_json_object", a) for a in ("add", "edit", "soft-delete", "delete")),
        *(("misp_json_object_reference", a) for a in ("add", "soft-delete")),
        *(("misp_json_sighting", a) for a in ("add", "delete")),
        *(("misp_json_tag", a) for a in ("add", "edit", "delete")),
        *(("misp_json_tag", f"attached to {what}") for what in ("event", "attribute")),
        *(("misp_json_tag", f"detached from {what}") for what in ("event", "attribute")),
        *(("misp_json_user", a) for a in ("login", "add", "edit")),
        *(("misp_json_warninglist", a) for a in ("add", "edit")),
        ("misp_json_organisation", None),
        ("misp_json_conversation", None),
        ("misp_json_audit", "log"),
        ("misp_json_workflow", "list"),
        ("misp_json_workflow", None),
        ("misp_json_self", None),
    }


def test_attributes_dominate_and_publications_are_few(said: Said) -> None:
    count = Counter(message.topic for message, _ in said)

    assert 0.6 < count["misp_json_attribute"] / len(said) < 0.7
    assert 0.02 < count["misp_json"] / len(said) < 0.04


def test_the_json_is_written_as_php_writes_it_for_misp(said: Said) -> None:
    for message, body in said:
        if message.topic != "misp_json_self":
            compact = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            assert message.body == compact.encode()
    assert any("Østervik".encode() in message.body for message, _ in said)
    assert any(b"https://" in message.body for message, _ in said)


def test_the_keep_alive_is_written_as_python_writes_it(said: Said) -> None:
    for message, body in said:
        if message.topic == "misp_json_self":
            assert message.body == json.dumps(body).encode()
            assert list(body) == ["status", "uptime"]
            assert isinstance(body["uptime"], int)


def test_an_event_has_its_creator_and_tags_beside_it(said: Said) -> None:
    for body in of_action(said, "misp_json_event", "edit"):
        assert list(body) == ["Event", "Orgc", "EventTag", "action"]
        assert list(body["Event"]) == EVENT_ROW
        assert list(body["Orgc"]) == ["id", "uuid", "name"]
        for tag in body["EventTag"]:
            assert list(tag) == ["id", "event_id", "tag_id", "local", "relationship_type", "Tag"]
            assert list(tag["Tag"]) == ["id", "name", "colour", "exportable"]
    assert any(body["EventTag"] for body in of_action(said, "misp_json_event", "edit"))


def test_a_deleted_event_is_its_bare_row(said: Said) -> None:
    for body in of_action(said, "misp_json_event", "delete"):
        assert list(body) == ["Event", "action"]
        assert list(body["Event"]) == EVENT_ROW


def test_a_pull_names_event_and_server_by_id(said: Said) -> None:
    for body in of_action(said, "misp_json_event", "add_from_connected_server"):
        assert list(body) == ["Event", "Server", "action"]
        assert body["Event"].isdigit()
        assert body["Server"].isdigit()


def test_a_pull_is_announced_after_all_that_was_pulled(said: Said) -> None:
    places = {body["Event"]: i for i, (_, body) in enumerate(said) if is_pull(body)}
    contents: dict[str, list[int]] = {}
    for i, (message, body) in enumerate(said):
        if message.topic == "misp_json_attribute" and body["action"] == "add":
            contents.setdefault(body["Attribute"]["event_id"], []).append(i)

    assert places
    assert all(contents[event][0] < place for event, place in places.items())


def is_pull(body: Any) -> bool:
    return isinstance(body, dict) and body.get("action") == "add_from_connected_server"


def test_an_attribute_carries_its_event_and_its_object(said: Said) -> None:
    in_objects = 0
    for action in ("add", "edit", "soft-delete"):
        for body in of_action(said, "misp_json_attribute", action):
            row = body["Attribute"]
            assert [k for k in row if k not in ("Tag", "Sighting")] == ATTRIBUTE_ROW
            assert list(body["Event"]) == EVENT_BRIEF
            assert ("Object" in body) == (row["object_id"] != "0")
            assert list(body)[-1] == "action"
            assert row["deleted"] is (action == "soft-delete")
            if "Object" in body:
                in_objects += 1
                assert list(body["Object"]) == OBJECT_ROW
    assert in_objects > 1000


def test_a_tag_is_on_an_attribute_only_when_it_has_one(said: Said) -> None:
    edits = of_action(said, "misp_json_attribute", "edit")
    tagged = [body["Attribute"]["Tag"] for body in edits if "Tag" in body["Attribute"]]

    assert tagged
    assert all(tags for tags in tagged)
    assert {tuple(tag) for tags in tagged for tag in tags} == {
        ("id", "name", "colour", "exportable", "local")
    }


def test_a_hard_delete_is_the_bare_row(said: Said) -> None:
    for body in of_action(said, "misp_json_attribute", "delete"):
        assert list(body) == ["Attribute", "action"]
        assert list(body["Attribute"]) == ATTRIBUTE_ROW


def test_halves_of_composite_values_are_in_both_columns(said: Said) -> None:
    composites = 0
    for body in bodies(said, "misp_json_attribute"):
        row = body["Attribute"]
        if row["value2"]:
            composites += 1
            assert row["value"] == f"{row['value1']}|{row['value2']}"
        else:
            assert row["value"] == row["value1"]
    assert composites > 100


def test_an_object_comes_alone(said: Said) -> None:
    for body in bodies(said, "misp_json_object"):
        assert list(body) == ["Object", "action"]
        assert list(body["Object"]) == OBJECT_ROW


def test_a_publication_nests_everything_in_the_event(said: Said) -> None:
    for body in bodies(said, "misp_json"):
        assert list(body) == ["Event"]
        event = body["Event"]
        assert [k for k in event if k not in ("Tag", "SharingGroup")] == PUBLISHED_EVENT
        assert ("SharingGroup" in event) == (event["distribution"] == "4")
        assert event["published"] is False
        inside = event["Attribute"] + [a for o in event["Object"] for a in o["Attribute"]]
        assert len(inside) == int(event["attribute_count"])
        for attribute in inside:
            assert [k for k in attribute if k not in ("Tag", "Sighting")] == PUBLISHED_ATTRIBUTE
            assert attribute["deleted"] is False


@pytest.mark.parametrize(
    "key", ["Tag", "ShadowAttribute", "RelatedEvent", "Galaxy", "Object", "SharingGroup"]
)
def test_publications_hold_each_kind_of_content(said: Said, key: str) -> None:
    assert any(body["Event"].get(key) for body in bodies(said, "misp_json"))


def test_sightings_carry_event_and_attribute_and_are_of_every_kind(said: Said) -> None:
    sightings = [body["Sighting"] for body in bodies(said, "misp_json_sighting")]

    assert {s["type"] for s in sightings} == {"0", "1", "2"}
    for sighting in sightings:
        assert list(sighting["Event"]) == ["id", "uuid", "orgc_id", "org_id", "info", "Orgc"]
        assert list(sighting["Event"]["Orgc"]) == ["name"]
        assert list(sighting["Attribute"]) == ["id", "uuid", "type", "category", "to_ids", "value"]


def test_tags_say_where_they_were_put(said: Said) -> None:
    def extra(action: str) -> set[tuple[str, ...]]:
        rows = [body["Tag"] for body in of_action(said, "misp_json_tag", action)]
        assert all(list(row)[: len(TAG_ROW)] == TAG_ROW for row in rows)
        return {tuple(row)[len(TAG_ROW) :] for row in rows}

    assert extra("add") == {()}
    assert extra("attached to event") == {("event_id", "local")}
    assert extra("detached from event") == {("event_id",)}
    assert extra("attached to attribute") == {("attribute_id", "event_id")}


def test_a_discussion_opens_with_a_post_in_the_same_second(said: Said) -> None:
    talk = [(m.time, body) for m, body in said if m.topic == "misp_json_conversation"]
    openings = [i for i, (_, body) in enumerate(talk) if "Thread" in body]

    assert openings
    for i in openings:
        assert list(talk[i + 1][1]) == ["Post"]
        assert int(talk[i][0]) == int(talk[i + 1][0])


def test_a_login_shows_in_two_topics_at_once(said: Said) -> None:
    for place, (message, body) in enumerate(said):
        if message.topic == "misp_json_user" and body["action"] == "login":
            following, entry = said[place + 1]
            assert following.time == message.time
            assert entry["Log"]["action"] == "login"
            assert entry["Log"]["email"] == body["User"]["email"]
            assert entry["Log"]["org"] == body["Organisation"]["name"]


def test_the_three_audit_shapes(said: Said) -> None:
    shapes = Counter(next(iter(body)) for body in bodies(said, "misp_json_audit"))

    assert set(shapes) == {"Log", "AuditLog", "created"}
    flat = next(body for body in bodies(said, "misp_json_audit") if "created" in body)
    assert flat["action"] == "log"
    assert isinstance(flat["user_id"], int)


def test_every_distribution_occurs_and_the_open_ones_prevail(said: Said) -> None:
    added = [body["Event"] for body in of_action(said, "misp_json_event", "add")]
    count = Counter(event["distribution"] for event in added)

    assert set(count) == set("01234")
    assert sum(count[d] for d in "123") > 0.7 * len(added)
    assert all((event["sharing_group_id"] != "0") == (event["distribution"] == "4") for event in added)


def test_everything_was_announced_before_it_is_mentioned(said: Said) -> None:
    events: set[str] = set()
    attributes: set[str] = set()
    objects: set[str] = set()
    for message, body in said:
        match message.topic, body:
            case "misp_json_event", {"action": "add", "Event": {"id": event}}:
                events.add(event)
            case "misp_json_event", {"Event": str(event)}:
                assert event in events
            case "misp_json_object", {"Object": {"id": item, "event_id": event}, "action": action}:
                assert event in events
                assert action == "add" or item in objects
                objects.add(item)
            case "misp_json_attribute", {"Attribute": row, "action": action}:
                assert row["event_id"] in events
                assert row["object_id"] == "0" or row["object_id"] in objects
                assert action == "add" or row["id"] in attributes
                attributes.add(row["id"])
            case "misp_json_sighting", {"Sighting": {"attribute_id": attribute, "event_id": event}}:
                assert event in events
                assert attribute in attributes
            case "misp_json", {"Event": {"id": event, "Attribute": inside}}:
                assert event in events
                assert attributes.issuperset(attribute["id"] for attribute in inside)
            case _:
                pass


def test_indicators_come_from_documentation_ranges_only(said: Said) -> None:
    addresses = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    for body in bodies(said, "misp_json_attribute"):
        row = body["Attribute"]
        if row["type"] in ("ip-src", "ip-dst", "ip-dst|port", "ip-src|port"):
            assert row["value1"].startswith(addresses)
        if row["type"] in ("domain", "hostname", "domain|ip", "email-src"):
            assert row["value1"].endswith(".example")
