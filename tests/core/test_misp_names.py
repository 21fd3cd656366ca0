"""What feeds said before: learned from messages, kept in Redis' form, and found again."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest

from watchfloor import (
    Activity,
    AuditLogged,
    Event,
    EventActivity,
    Message,
    PostWritten,
    SightingReported,
    Tag,
    misp,
)
from watchfloor.misp import Names

_UUID = "11111111-1111-4111-8111-111111111111"
_EVENT = {
    "id": "7", "uuid": _UUID, "info": "Phishing", "org_id": "1", "orgc_id": "2",
    "distribution": "3", "sharing_group_id": "0",
}  # fmt: skip
_SHARED = {"Event": _EVENT, "Orgc": {"id": "2", "name": "Example CERT"}, "action": "add"}
_THREAD = {
    "title": "About #7", "user_id": "4", "event_id": "7", "date_created": "2026/01/01 02:00:00",
    "distribution": "3", "org_id": "3", "org_name": "Blue Team",
}  # fmt: skip


class Site:
    """A worker's part: fetches what is wanted, keeps what changed, and may start afresh at any time."""

    def __init__(self, limit: int = 25_000) -> None:
        self.stored: dict[str, dict[str, bytes]] = {}
        self.fetched: list[str] = []
        self._limit = limit
        self.restart()

    def restart(self) -> None:
        self.names = Names(self._limit)

    def read(self, topic: str, body: Any, feed: str = "here") -> list[Activity]:
        decoded = misp.decode(Message(feed, topic, json.dumps(body).encode(), 1767229200.0))
        missing = self.names.wanted(decoded)
        while missing:
            self.fetched += sorted(missing)
            of_feed = self.stored.get(feed, {})
            missing = self.names.load(feed, {field: of_feed.get(field) for field in missing})
        activities = misp.activities(decoded, self.names, lambda version: False, UTC)
        for changed, fields in self.names.changed().items():
            self.stored.setdefault(changed, {}).update(fields)
        self.names.committed()
        return activities

    def event(self, topic: str, body: Any, feed: str = "here") -> Event:
        [activity] = self.read(topic, body, feed)
        assert isinstance(activity, EventActivity)
        return activity.event


_TELLING = {
    "misp_json_event": _SHARED,
    "misp_json_attribute": {
        "Attribute": {"type": "text", "event_id": "7"},
        "Event": {**_EVENT, "Orgc": {"id": "2", "name": "Example CERT"}},
        "action": "add",
    },
    "misp_json_sighting": {
        "Sighting": {
            "event_id": "7",
            "Event": {**_EVENT, "distribution": None, "Orgc": {"name": "Example CERT"}},
        },
        "action": "add",
    },
    "misp_json": {"Event": {**_EVENT, "Orgc": {"id": "2", "name": "Example CERT"}}},
}
_ASKING = {
    "misp_json_event": {"Event": "7", "Server": "3", "action": "edit_from_connected_server"},
    "misp_json_attribute": {"Attribute": {"type": "text", "event_id": "7"}, "action": "delete"},
    "misp_json_object": {"Object": {"name": "file", "event_id": 7}, "action": "add"},
    "misp_json_object_reference": {"ObjectReference": {"uuid": "r", "event_id": "7"}, "action": "add"},
    "misp_json_tag": {"Tag": {"name": "tlp:clear", "event_id": "7"}, "action": "attached to event"},
    "misp_json_sighting": {"Sighting": {"event_id": "7"}},
    "misp_json_conversation": {"Thread": _THREAD},
}


@pytest.mark.parametrize("restart", [False, True], ids=["in memory", "after a restart"])
@pytest.mark.parametrize("telling", _TELLING)
@pytest.mark.parametrize("asking", _ASKING)
def test_an_event_is_known_once_told(telling: str, asking: str, restart: bool) -> None:
    site = Site()
    site.read(telling, _TELLING[telling])
    if restart:
        site.restart()
    event = site.event(asking, _ASKING[asking])
    tags = (Tag("", "tlp:clear", ""),) if asking == "misp_json_tag" else ()
    assert event == Event("7", _UUID, "Phishing", "Example CERT", "2", "1", tags)


def test_feeds_do_not_share_ids() -> None:
    site = Site()
    site.read("misp_json_event", _SHARED)
    assert site.event("misp_json_object", _ASKING["misp_json_object"], "there") == Event("7")
    assert list(site.stored) == ["here"]


def test_less_does_not_replace_more() -> None:
    site = Site()
    site.read("misp_json_event", _SHARED)
    stored = {feed: dict(fields) for feed, fields in site.stored.items()}
    for topic in ("misp_json_event", "misp_json_object", "misp_json_sighting"):
        site.restart()
        site.read(topic, _ASKING[topic])
    assert site.stored == stored


def test_what_is_told_anew_replaces() -> None:
    site = Site()
    site.read("misp_json_event", _SHARED)
    renamed = {**_SHARED, "Event": {**_EVENT, "info": "Phishing, wave 2", "distribution": "0"}}
    site.read("misp_json_event", renamed)
    site.restart()
    [activity] = site.read("misp_json_object", _ASKING["misp_json_object"])
    assert isinstance(activity, EventActivity)
    assert activity.event.info == "Phishing, wave 2"
    assert activity.audience.organisations == {"1"}


def test_the_same_again_changes_nothing() -> None:
    names = Names()
    decoded = misp.decode(Message("here", "misp_json_event", json.dumps(_SHARED).encode(), 0.0))
    wanted = names.wanted(decoded)
    assert wanted == {"event:7", "tags:7", "org:2"}
    names.load("here", dict.fromkeys(wanted))
    misp.activities(decoded, names, lambda version: False, UTC)
    assert set(names.changed()["here"]) == {"event:7", "org:2"}
    names.committed()
    assert names.wanted(decoded) == set()
    misp.activities(decoded, names, lambda version: False, UTC)
    assert names.changed() == {}


def test_an_unknown_creator_is_named_as_soon_as_its_name_is_told() -> None:
    site = Site()
    without = {"Event": _EVENT, "action": "edit"}
    assert site.event("misp_json_event", without).org == ""
    site.read("misp_json_organisation", {"Organisation": {"id": "2", "name": "Example CERT"}})
    for _ in range(2):
        assert site.event("misp_json_object", _ASKING["misp_json_object"]).org == "Example CERT"
        assert site.event("misp_json_event", without).org == "Example CERT"
        site.restart()


def test_another_creator_does_not_inherit_the_name() -> None:
    site = Site()
    site.read("misp_json_event", _SHARED)
    assert site.event("misp_json_event", {"Event": {**_EVENT, "orgc_id": "9"}, "action": "edit"}).org == ""


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("misp_json_organisation", {"Organisation": {"id": "3", "name": "Blue Team"}}),
        ("misp_json_user", {"User": {"email": "a@org.example", "org_id": "3"},
                            "Organisation": {"name": "Blue Team"}, "action": "login"}),
        ("misp_json_conversation", {"Thread": _THREAD}),
        ("misp_json_event", {"Event": {"id": "8", "orgc_id": "3"}, "Orgc": {"name": "Blue Team"}}),
        ("misp_json", {"Event": {"id": "8", "Org": {"id": "3", "name": "Blue Team"}}}),
        ("misp_json", {"Event": {"id": "8", "ShadowAttribute": [
            {"type": "x", "org_id": "3", "Org": {"id": "3", "name": "Blue Team"}}]}}),
        ("misp_json", {"Event": {"id": "8", "SharingGroup": {"id": "1", "SharingGroupOrg": [
            {"org_id": "3", "Organisation": {"id": "3", "name": "Blue Team"}}]}}}),
        ("misp_json_attribute", {"Attribute": {"type": "x", "event_id": "8", "Sighting": [
            {"org_id": "3", "Organisation": {"id": "3", "name": "Blue Team"}}]}}),
    ],
)  # fmt: skip
def test_an_organisation_is_known_once_told(topic: str, body: Any) -> None:
    site = Site()
    site.read(topic, body)
    site.restart()
    [sighting] = site.read("misp_json_sighting", {"Sighting": {"org_id": "3", "event_id": "9"}})
    assert isinstance(sighting, SightingReported)
    assert (sighting.org, sighting.org_id) == ("Blue Team", "3")
    audited = {"AuditLog": {"action": "add", "model": "Event", "org_id": "3"}, "action": "log"}
    [entry] = site.read("misp_json_audit", audited)
    assert isinstance(entry, AuditLogged)
    assert entry.org == "Blue Team"


def test_the_groups_of_a_known_event_are_fetched_too() -> None:
    site = Site()
    group = {"id": "12", "SharingGroupOrg": [{"org_id": "2"}, {"org_id": "3"}]}
    event = {**_EVENT, "distribution": "4", "sharing_group_id": "12", "SharingGroup": group}
    site.read("misp_json", {"Event": event})
    site.restart()
    [activity] = site.read(
        "misp_json_object", {"Object": {"name": "x", "event_id": "7", "distribution": "5"}}
    )
    assert activity.audience.organisations == {"1", "2", "3"}


def post(
    site: Site, thread_id: str = "6", created: str = "2026/01/01 02:00:01", user: str = "4"
) -> PostWritten:
    """Somebody writes."""
    body = {"Post": {"thread_id": thread_id, "user_id": user, "date_created": created, "post_id": 0}}
    [activity] = site.read("misp_json_conversation", body)
    assert isinstance(activity, PostWritten)
    return activity


@pytest.mark.parametrize("restart", [False, True], ids=["in memory", "after a restart"])
def test_a_first_post_tells_which_thread_was_opened(restart: bool) -> None:
    site = Site()
    site.read("misp_json_event", _SHARED)
    site.read("misp_json_conversation", {"Thread": _THREAD})
    for user, created in (("4", "2026/01/01 02:00:01"), ("5", "2026/02/01 00:00:00")):
        if restart:
            site.restart()
        written = post(site, user=user, created=created)
        assert (written.title, written.event.id, written.thread_id) == ("Phishing", "7", "6")


def test_a_thread_about_no_event_has_its_own_title() -> None:
    site = Site()
    site.read("misp_json_conversation", {"Thread": {**_THREAD, "event_id": "0", "title": "Weekly call"}})
    written = post(site)
    assert (written.title, written.event.id) == ("Weekly call", "0")


@pytest.mark.parametrize(
    ("user", "created"),
    [
        ("5", "2026/01/01 02:00:00"),
        ("4", "2026/01/01 02:00:03"),
        ("4", "2026/01/01 01:59:59"),
        ("4", ""),
        ("4", "yesterday"),
    ],
)
def test_a_post_from_another_request_tells_nothing(user: str, created: str) -> None:
    site = Site()
    site.read("misp_json_conversation", {"Thread": _THREAD})
    written = post(site, user=user, created=created)
    assert (written.title, written.event.id) == ("", "")
    assert "thread:6" not in site.stored["here"]


def test_one_thread_is_opened_by_one_post() -> None:
    site = Site()
    site.read("misp_json_conversation", {"Thread": _THREAD})
    assert post(site, "6").event.id == "7"
    site.restart()
    assert post(site, "99").event.id == ""
    assert site.stored["here"]["pending:4"] == b""


def test_memory_is_bounded_and_redis_remembers() -> None:
    site = Site(limit=10)
    for number in range(100):
        event = {**_EVENT, "id": str(1000 + number), "info": f"Event {number}"}
        site.read("misp_json_event", {**_SHARED, "Event": event})
    site.fetched.clear()
    for number in range(100):
        body = {"Object": {"name": "x", "event_id": str(1000 + number)}, "action": "add"}
        assert site.event("misp_json_object", body).info == f"Event {number}"
    assert len(site.fetched) >= 80


def test_a_batch_is_kept_however_large() -> None:
    names = Names(limit=10)
    bodies = [{**_SHARED, "Event": {**_EVENT, "id": str(1000 + number)}} for number in range(100)]
    batch = [
        misp.decode(Message("here", "misp_json_event", json.dumps(body).encode(), 0.0)) for body in bodies
    ]
    names.load("here", dict.fromkeys(set().union(*(names.wanted(decoded) for decoded in batch))))
    for decoded in batch:
        misp.activities(decoded, names, lambda version: False, UTC)
    assert len(names.changed()["here"]) == 101
    assert not any(names.wanted(decoded) for decoded in batch)


@pytest.mark.parametrize("rubbish", [b"", b"null", b"{", b"[]", b'{"event":3}', b"\xff\xff", b'"\xff"'])
def test_rubbish_in_redis_counts_as_unknown(rubbish: bytes) -> None:
    site = Site()
    site.stored["here"] = dict.fromkeys(("event:7", "org:2", "thread:6", "pending:4"), rubbish)
    assert site.event("misp_json_object", _ASKING["misp_json_object"]) == Event("7")
    assert post(site).title == ""
    assert site.event("misp_json_event", _SHARED).org == "Example CERT"


@pytest.mark.parametrize("id_", ["", "0", None, 0, "x" * 41, "9" * 5000])
def test_what_is_no_id_is_not_kept(id_: Any) -> None:
    site = Site()
    site.read("misp_json_attribute", {"Attribute": {"type": "x"}, "Event": {**_EVENT, "id": id_}})
    site.read("misp_json_organisation", {"Organisation": {"id": id_, "name": "Nobody"}})
    assert site.stored == {} or set(site.stored["here"]) <= {"org:2"}
    assert not [field for field in site.fetched if len(field) > 50]
