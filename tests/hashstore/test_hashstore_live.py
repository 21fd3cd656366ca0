"""Between imports: what the feed tells changes who sees what at once, however often it is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from asking import filled, hits, settings_of
from feeding import attribute_message, attribute_row, event_row, tell, tell_all
from misp_content import fill
from misp_database import Server
from redis.exceptions import ConnectionError as RedisConnectionError

from watchfloor import Activity
from watchfloor.store.writes import ITEMS
from watchfloor.testing import NOON, SiteMaker, SiteUnderTest, apply, attribute_shared, event_shared
from watchfloor_hashstore import bringing
from watchfloor_hashstore.bringing import Bringing, bring_in
from watchfloor_hashstore.changes import AttributeGone, AttributeIs
from watchfloor_hashstore.keys import EVENTS, JOURNAL, NOTED, STATE
from watchfloor_hashstore.layout import EventRecord, day_number
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.notes import Note, changes_of, decode, encode
from watchfloor_hashstore.noting import Noting
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.state import locked, state
from watchfloor_hashstore.store import field_of

EVERYONE = Who()


def noted(how: Any, *told: Activity) -> list[Note]:
    """What a handler notes of activities."""
    (command,) = apply(how, *told).commands
    return decode(command[4].encode())


def wait_with(site: SiteUnderTest, notes: list[Note]) -> None:
    """Have notes wait to be brought in."""
    site.redis.xadd(NOTED(), {ITEMS: encode(notes)})


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    """A store that was never imported."""
    return make_site(plugins={"hashstore": {}}, feeds=[{"name": "misp", "url": "tcp://127.0.0.1:1"}])


def seen(site: SiteUnderTest, who: Who, value: str) -> bool:
    return bool(hits(site.redis, who, value)[0])


def test_what_is_taken_back_is_known_where_walls_show_the_community_alone(make_site: SiteMaker) -> None:
    feeds = [{"name": "misp", "url": "tcp://127.0.0.1:1"}]
    site = make_site(plugins={"hashstore": {}}, feeds=feeds, audience="community")
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    assert seen(site, EVERYONE, "evil.example")
    tell(site, "misp_json_event", {"Event": event_row(distribution="0"), "action": "edit"})
    assert not seen(site, EVERYONE, "evil.example")
    assert seen(site, Who(1), "evil.example")
    tell(site, "misp_json_event", {"Event": event_row(distribution="0"), "action": "delete"})
    assert not seen(site, Who(1), "evil.example")


def test_what_is_added_is_found_with_what_is_told_of_it(site: SiteUnderTest) -> None:
    tell(site, "misp_json_event", {"Event": event_row(), "Orgc": {"id": "2", "name": "A"}, "action": "add",
                                   "EventTag": [{"Tag": {"id": "1", "name": "tlp:green"}}]})  # fmt: skip
    tell(site, "misp_json_attribute", attribute_message("Evil.example"))
    ((hit,),) = hits(site.redis, EVERYONE, "evil[.]example")
    assert (hit.event_id, hit.event_uuid) == ("7", "11111111-1111-4111-8111-111111111111")
    assert (hit.type, hit.category, hit.to_ids, hit.tlp) == ("domain", "Network activity", True, "green")
    assert hit.date == "2026-01-01"


def test_an_edit_takes_the_old_value_away(site: SiteUnderTest) -> None:
    tell(site, "misp_json_attribute", attribute_message("old.example"))
    tell(site, "misp_json_attribute", attribute_message("new.example", "edit"))
    assert (seen(site, EVERYONE, "old.example"), seen(site, EVERYONE, "new.example")) == (False, True)
    tell(site, "misp_json_attribute", attribute_message("old.example", "edit"))
    assert (seen(site, EVERYONE, "old.example"), seen(site, EVERYONE, "new.example")) == (True, False)


@pytest.mark.parametrize("action", ["soft-delete", "delete"])
def test_what_is_deleted_is_not_found(site: SiteUnderTest, action: str) -> None:
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    tell(site, "misp_json_attribute", attribute_message("evil.example", action))
    assert not seen(site, Who(1, admin=True), "evil.example")
    tell(site, "misp_json_attribute", attribute_message("evil.example", "edit"))
    assert seen(site, EVERYONE, "evil.example")


def test_a_deleted_event_takes_all_with_it(site: SiteUnderTest) -> None:
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    tell(site, "misp_json_event", {"Event": event_row(), "action": "delete"})
    assert not seen(site, Who(1, admin=True), "evil.example")


def test_an_event_that_is_closed_and_opened_changes_who_sees_what_is_in_it(site: SiteUnderTest) -> None:
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    assert seen(site, Who(2), "evil.example")
    tell(site, "misp_json_event", {"Event": event_row(distribution="0"), "action": "edit"})
    assert (seen(site, Who(2), "evil.example"), seen(site, Who(1), "evil.example")) == (False, True)
    tell(site, "misp_json_event", {"Event": event_row(distribution="1"), "action": "edit"})
    assert seen(site, Who(2), "evil.example")


def test_an_object_that_is_closed_holds_back_what_is_in_it(site: SiteUnderTest) -> None:
    holder = {"id": "5", "name": "file", "event_id": "7", "distribution": "5", "sharing_group_id": "0"}
    message = attribute_message("evil.example", object_id="5")
    tell(site, "misp_json_attribute", {**message, "Object": holder})
    assert seen(site, Who(2), "evil.example")
    tell(site, "misp_json_object", {"Object": {**holder, "distribution": "0"}, "action": "edit"})
    assert (seen(site, Who(2), "evil.example"), seen(site, Who(1), "evil.example")) == (False, True)
    tell(site, "misp_json_attribute", attribute_message("other.example", object_id="6", id="71"))
    assert not seen(site, Who(2), "other.example"), "nothing was told of the object"


def test_a_sharing_group_lets_its_members_see(site: SiteUnderTest) -> None:
    group = {"id": "12", "SharingGroupOrg": [{"org_id": "3"}], "SharingGroupServer": []}
    row = event_row(distribution="4", sharing_group_id="12", SharingGroup=group)
    tell(site, "misp_json", {"Event": {**row, "Attribute": [attribute_row("evil.example")]}})
    assert [seen(site, Who(org), "evil.example") for org in (1, 2, 3)] == [True, False, True]
    assert not seen(site, EVERYONE, "evil.example")


def test_unpublished_events_are_their_owners_where_the_instance_says_so(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"unpublishedprivate": True}})
    tell(site, "misp_json_event", {"Event": event_row(published=False), "action": "add"})
    tell(site, "misp_json_attribute", attribute_message("evil.example", event=event_row(published=False)))
    assert [seen(site, Who(org), "evil.example") for org in (1, 2)] == [True, False]
    tell(site, "misp_json", {"Event": event_row(published=False, Attribute=[attribute_row("evil.example")])})
    assert seen(site, Who(2), "evil.example")
    tell(
        site, "misp_json_attribute", attribute_message("b.example", id="71", event=event_row(published=False))
    )
    assert not seen(site, Who(2), "evil.example")


def test_a_deletion_that_unpublishes_the_event_hides_the_rest_of_it(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"unpublishedprivate": True}})
    rest = attribute_row("rest.example", id="71", uuid="33333333-3333-4333-8333-333333333333")
    told = [attribute_row("evil.example"), rest]
    tell(site, "misp_json", {"Event": event_row(Attribute=told)})
    assert seen(site, Who(2), "rest.example")
    gone = attribute_message("evil.example", "soft-delete", event_row(published=False))
    tell(site, "misp_json_attribute", gone)
    assert [seen(site, Who(org), "rest.example") for org in (1, 2)] == [True, False]


@pytest.mark.parametrize("new", [False, True])
def test_a_publication_tells_what_was_not_told_before(new: bool) -> None:
    told = attribute_shared(action="publish", new=new)
    assert bool(apply(Noting(Settings()).attribute, told).commands) == new


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("action", ["edit", "add", "soft-delete"])
def test_what_unpublishes_an_event_keeps_its_day_and_traffic_light(
    make_site: SiteMaker, action: str, together: bool
) -> None:
    site = make_site(plugins={"hashstore": {"unpublishedprivate": True}})
    told = event_row(published=True)
    whole = {"Event": told, "EventTag": [{"Tag": {"id": "1", "name": "tlp:amber"}}], "action": "edit"}
    other = attribute_message("evil.example", event=told, timestamp="0")
    unpublish = attribute_message(
        "x.example", action, event_row(published=False), id="71", uuid="33333333-3333-4333-8333-333333333333"
    )
    messages = [("misp_json_event", whole), *(("misp_json_attribute", one) for one in (other, unpublish))]
    for some in [messages] if together else [[one] for one in messages]:
        tell_all(site, some)
    record = EventRecord.unpacked(site.redis.hget(EVENTS(generation="live"), field_of(7)))
    assert (record.level, record.day, record.tlp) == ("-", day_number(date(2026, 1, 2)), "amber")
    ((hit,),) = hits(site.redis, Who(1), "evil.example")
    assert hit.tlp == "amber"
    assert not seen(site, Who(2), "evil.example")


def test_another_feed_does_not_change_the_store(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"feed": "other"}})
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    assert not seen(site, EVERYONE, "evil.example")


def test_what_was_received_before_the_import_is_in_it_already(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    fill(mysql_server, "misp", attributes=50)
    site = make_site(plugins={"hashstore": {}})
    filled(site.redis, settings_of(mysql_server))
    old = noted(Noting(Settings()).attribute, attribute_shared(id="70", action="edit", received=NOON))
    bring_in(site.redis, changes_of(old))
    assert not seen(site, EVERYONE, "198.51.100.7")


def test_what_comes_during_an_import_is_in_what_it_makes(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any
) -> None:
    fill(mysql_server, "misp", attributes=200)
    site = make_site(plugins={"hashstore": {}})
    settings = settings_of(mysql_server)
    filled(site.redis, settings)
    from watchfloor_hashstore.importing import import_misp

    def meanwhile(done: int, total: int) -> None:
        tell(site, "misp_json_attribute", attribute_message(f"during-{done == total}.example", id="900000"))

    import_misp(site.redis, settings, meanwhile)
    assert site.redis.exists(JOURNAL())
    tell(site, "misp_json_event", {"Event": event_row(), "action": "edit"})
    assert seen(site, EVERYONE, "during-True.example")


def test_doing_it_twice_changes_nothing(site: SiteUnderTest) -> None:
    noting = Noting(Settings())
    told: list[tuple[Any, Activity]] = [
        (noting.event, event_shared(levels=(("4", "12"),))),
        (noting.attribute, attribute_shared()),
        (noting.attribute, attribute_shared(id="1002", value="a.example", type="domain", action="edit")),
    ]
    changes = changes_of(note for how, what in told for note in noted(how, what))
    bring_in(site.redis, changes)
    before = {key: site.redis.dump(key) for key in sorted(site.redis.keys("HASHSTORE*"))}
    bring_in(site.redis, changes)
    assert {key: site.redis.dump(key) for key in sorted(site.redis.keys("HASHSTORE*"))} == before


def test_a_crash_before_the_store_has_it_brings_it_in_later(site: SiteUnderTest) -> None:
    later = attribute_shared(received=NOON + timedelta(days=1))
    wait_with(site, noted(Noting(Settings()).attribute, later))
    assert not seen(site, EVERYONE, "198.51.100.7")
    tell(site, "misp_json_self", {"status": "x", "uptime": 1})
    assert seen(site, EVERYONE, "198.51.100.7")
    assert not site.redis.xlen(NOTED())


def test_a_store_elsewhere_that_is_away_does_not_stop_the_worker(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"redis": {"url": "redis://127.0.0.1:1/0", "timeout": 1}}})
    tell(site, "misp_json_attribute", attribute_message("evil.example"))
    assert site.redis.xlen(NOTED()) == 1


class Away:
    """A Redis of the store's own that does not answer, and how often it was asked."""

    own = True
    asked = 0

    @property
    def redis(self) -> Any:
        self.asked += 1
        raise RedisConnectionError("timed out")


class Noted:
    """What waits."""

    def entries(self, _key: Any, _count: int) -> list[tuple[str, bytes]]:
        return [("1-0", encode([AttributeGone(70, 1.0)]))]


@pytest.mark.parametrize(("pause", "asked"), [(10.0, 1), (0.0, 3)])
def test_a_store_that_is_away_is_not_asked_with_every_batch(pause: float, asked: int) -> None:
    away: Any = Away()
    reads: Any = Noted()
    bring, writes = Bringing(away, pause), Mock()
    for _ in range(3):
        assert bring((), reads, writes) is False
    assert away.asked == asked
    writes.xdel.assert_not_called()


def test_an_import_that_is_running_is_told_of_changes_before_the_store(site: SiteUnderTest) -> None:
    with locked(site.redis, "new"):
        tell(site, "misp_json_event", {"Event": event_row(), "action": "add"})
        assert site.redis.xlen(JOURNAL()) == 1
    tell(site, "misp_json_event", {"Event": event_row(distribution="0"), "action": "edit"})
    assert site.redis.xlen(JOURNAL()) == 1
    assert state(site.redis).building == ""
    assert not site.redis.hexists(STATE(), "lock")


def test_more_than_a_run_can_take_is_brought_in_by_the_next(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, runs = NOON + timedelta(days=1), Mock(wraps=bring_in)
    for n in range(1, 10):
        told = attribute_shared(id=str(n), value=f"198.51.100.{n}", received=later)
        wait_with(site, noted(Noting(Settings()).attribute, told))
    monkeypatch.setattr(bringing, "_AT_ONCE", 4)
    monkeypatch.setattr(bringing, "bring_in", runs)
    tell(site, "misp_json_self", {"status": "x", "uptime": 1})
    assert [len([c for c in call.args[1] if isinstance(c, AttributeIs)]) for call in runs.call_args_list] == [
        4,
        4,
        1,
    ]
    assert site.redis.xlen(NOTED()) == 0
    assert all(seen(site, EVERYONE, f"198.51.100.{n}") for n in range(1, 10))
