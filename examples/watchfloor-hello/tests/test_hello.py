"""The handler by itself, and the plugin on a real site: ZMQ in, Redis, and a page out."""

from __future__ import annotations

from watchfloor.testing import NOON, apply, attribute_shared, event
from watchfloor_hello import BY_ORG, Settings, message_handlers

TODAY = BY_ORG(date=NOON.date())


def test_a_new_attribute_counts_for_the_organisation_that_created_its_event():
    [handler] = message_handlers(Settings())
    applied = apply(handler, attribute_shared(), attribute_shared(), attribute_shared(new=False))
    assert ("ZINCRBY", TODAY, 2, "Aurora CERT") in applied.commands
    assert applied.items == [("orgs", {"org": "Aurora CERT"})] * 2


def test_an_ignored_organisation_does_not_count():
    [handler] = message_handlers(Settings(ignore=("Aurora CERT",)))
    assert apply(handler, attribute_shared()).commands == []


def test_hostile_names_are_text():
    [handler] = message_handlers(Settings())
    applied = apply(handler, attribute_shared(event=event(org="<b>:\n")))
    assert ("ZINCRBY", TODAY, 1, "<b>:\n") in applied.commands


def test_from_a_zmq_message_to_the_page(make_feed):
    feed = make_feed(plugins={"hello": {}})
    for number in (1, 2):
        feed.send("misp_json_attribute", a_message(uuid=f"0cda0c2f-3c87-40dd-bbc8-c8ea4005773{number}"))
    feed.settle(messages=2)
    assert feed.site.failures() == []
    [key] = feed.site.keys(BY_ORG)
    assert feed.site.redis.zscore(key, "<i>Borealis</i>") == 2
    page = feed.site.page("/")
    assert "Hello, organisations" in page
    assert "&lt;i&gt;Borealis&lt;/i&gt;" in page


def a_message(uuid: str) -> dict[str, object]:
    """What MISP sends when an attribute is added."""
    org = {"id": "2", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f", "name": "<i>Borealis</i>"}
    return {
        "Attribute": {
            "id": "1001",
            "event_id": "42",
            "uuid": uuid,
            "type": "ip-dst",
            "timestamp": "1729500000",
            "category": "Network activity",
            "value": "198.51.100.7",
            "distribution": "5",
        },
        "Event": {
            "id": "42",
            "info": "Phishing",
            "org_id": "1",
            "orgc_id": "2",
            "distribution": "3",
            "Orgc": org,
        },
        "action": "add",
    }
