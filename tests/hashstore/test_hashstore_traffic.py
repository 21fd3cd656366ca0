"""Traffic lights attached and detached later: what is shown is never less strict than what MISP says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import check_lights, filled, hits, quiet, settings_of
from feeding import attribute_message, attribute_row, event_row, tell, tell_all
from misp_changes import Changes, Message
from misp_content import fill
from misp_database import Server, insert

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.keys import CHANGED
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.updating import update_misp


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site(plugins={"hashstore": {}})


def tag(action: str, name: str) -> Message:
    """What MISP tells of a tag of the event, or of its attribute."""
    of = {"attribute_id": "70"} if action.endswith("attribute") else {"local": False}
    row = {"id": "9", "name": name, "event_id": "7", **of}
    return "misp_json_tag", {"Tag": row, "action": action}


def to_event(name: str) -> Message:
    return tag("attached to event", name)


def to_attribute(name: str) -> Message:
    return tag("attached to attribute", name)


def off_attribute(name: str) -> Message:
    return tag("detached from attribute", name)


def event(*names: str, **more: Any) -> Message:
    links = [{"Tag": {"id": str(n), "name": name}} for n, name in enumerate(names)]
    return "misp_json_event", {"Event": event_row(**more), "EventTag": links, "action": "edit"}


def attribute(*names: str, action: str = "edit", value: str = "evil.example") -> Message:
    tags = [{"id": str(n), "name": name} for n, name in enumerate(names)]
    return "misp_json_attribute", attribute_message(value, action, Tag=tags)


def publication(*names: str, **more: Any) -> Message:
    tags = [{"id": str(n), "name": name} for n, name in enumerate(names)]
    return "misp_json", {"Event": event_row(Tag=tags, Attribute=[attribute_row("evil.example")], **more)}


def shown(site: SiteUnderTest) -> str:
    ((hit,),) = hits(site.redis, Who(), "evil.example")
    return hit.tlp


ADDED = [event("tlp:green"), attribute(action="add")]
# What is told after an event was added that is green, and an attribute, and what is shown then.
TOLD: dict[str, tuple[list[Message], str]] = {
    "a stricter one of the event": ([to_event("tlp:amber")], "amber"),
    "a less strict one of the event": ([to_event("tlp:clear")], "green"),
    "another tag of the event": ([to_event("red")], "green"),
    "of the event, and detached": ([to_event("TLP:Red"), tag("detached from event", "tlp:red")], "red"),
    "of the event, detached and edited": (
        [to_event("tlp:red"), tag("detached from event", "tlp:red"), event("tlp:green", "x")], "green",
    ),
    "of the event, and an edit without tags": (
        [to_event("tlp:red"), ("misp_json_event", {"Event": event_row(), "action": "edit"})], "red",
    ),
    "of the event, not exported": ([to_event("tlp:red"), publication("tlp:green")], "red"),
    "of the event, published": ([publication("tlp:green", "tlp:amber")], "amber"),
    "of the event, edited": ([to_event("tlp:red"), event("tlp:amber", distribution="1")], "amber"),
    "of the attribute": ([to_attribute("tlp:clear")], "clear"),
    "two of the attribute": ([to_attribute("tlp:amber"), to_attribute("tlp:clear")], "amber"),
    "another tag of the attribute": ([to_attribute("tlp:x")], "green"),
    "of the edited attribute": ([attribute("tlp:clear"), to_attribute("tlp:amber")], "amber"),
    "of the attribute, edited": ([to_attribute("tlp:red"), attribute("tlp:amber")], "amber"),
    "of the attribute, detached": (
        [to_attribute("tlp:amber"), off_attribute("tlp:amber")], "amber",
    ),
    "of the attribute, less strict and detached": (
        [to_attribute("tlp:clear"), off_attribute("tlp:clear")], "green",
    ),
    "less strict, detached, and another": (
        [attribute("tlp:clear"), off_attribute("tlp:clear"), to_attribute("tlp:white")], "green",
    ),
    "of the attribute, detached and edited": (
        [to_attribute("tlp:amber"), off_attribute("tlp:amber"), attribute("tlp:clear")], "clear",
    ),
    "another tag of the attribute detached": (
        [to_attribute("tlp:clear"), off_attribute("x")], "clear",
    ),
}  # fmt: skip


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
@pytest.mark.parametrize("what", TOLD)
def test_what_is_attached_later_is_shown(site: SiteUnderTest, what: str, together: bool) -> None:
    later, expected = TOLD[what]
    for some in [ADDED + later] if together else [ADDED, *([one] for one in later)]:
        tell_all(site, some)
    assert shown(site) == expected


def test_a_tag_of_an_attribute_that_is_new_takes_no_room_of_its_own(site: SiteUnderTest) -> None:
    tell_all(site, [*ADDED, to_attribute("tlp:amber")])
    assert not site.redis.exists(CHANGED(generation="live"))


def test_a_tag_brings_no_hash_back(site: SiteUnderTest) -> None:
    for message in (*ADDED, attribute(value="new.example"), to_attribute("tlp:red")):
        tell_all(site, [message])
    assert [len(found) for found in hits(site.redis, Who(), "evil.example", "new.example")] == [0, 1]
    for action in ("soft-delete", "edit"):
        tell(site, "misp_json_attribute", attribute_message("new.example", action))
        tell_all(site, [to_attribute("tlp:red")])
        assert bool(hits(site.redis, Who(), "new.example")[0]) == (action == "edit")


def test_a_tag_of_an_event_that_is_unknown_makes_none(site: SiteUnderTest) -> None:
    tell_all(site, [to_event("tlp:red")])
    assert not site.redis.keys("HASHSTORE_EVENTS*")


def test_an_export_knows_what_was_attached_since(site: SiteUnderTest, tmp_path: Path) -> None:
    for message in (*ADDED, to_attribute("tlp:red")):
        tell_all(site, [message])
    for limit, entries in (("amber+strict", 0), ("red", 1)):
        labels = export(site.redis, Scope(tlp=limit), tmp_path / "x.wfh", quiet)
        assert labels["entries"] == entries


def test_what_is_attached_during_an_import_is_in_what_it_makes(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    insert(misp_tables, "events", [{"id": 7, "org_id": 1, "distribution": 3, "uuid": "e"}])
    insert(misp_tables, "attributes", [
        {"id": 70, "event_id": 7, "category": "Other", "type": "domain", "value1": "evil.example",
         "uuid": "a", "distribution": 5}
    ])  # fmt: skip
    settings = settings_of(mysql_server)
    meanwhile = [to_attribute("tlp:green"), to_event("tlp:red")]
    import_misp(site.redis, settings, lambda *_: tell_all(site, meanwhile))
    assert shown(site) == "green"
    tell_all(site, [off_attribute("tlp:green")])
    assert shown(site) == "red"
    update_misp(site.redis, settings, quiet)
    assert shown(site) == "", "the database has none"


def test_whatever_is_attached_and_detached_nothing_less_strict_is_shown(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    fill(mysql_server, "misp", seed=19, attributes=400)
    settings = settings_of(mysql_server)
    filled(site.redis, settings)
    check_lights(site.redis, misp_tables, exactly=True)
    changes = Changes(misp_tables, 6)
    for _ in range(3):
        changes.tag()
        tell_all(site, changes.told())
        check_lights(site.redis, misp_tables, exactly=False)
    update_misp(site.redis, settings, quiet)
    check_lights(site.redis, misp_tables, exactly=True)
