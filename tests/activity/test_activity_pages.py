"""The cards of activity: what they show, what they refuse, and that nothing hostile gets through."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from watchfloor import Activity, EventShared, Tag
from watchfloor.store.writes import Merged, Recorder
from watchfloor.testing import (
    FeedMaker,
    SiteMaker,
    SiteUnderTest,
    attribute_shared,
    event,
    event_shared,
    until,
)
from watchfloor.worker.commit import LiveIds, Transaction
from watchfloor_activity.attributes import FIRST, MOST

ATTRIBUTES = "/api/v1/panels/activity/attributes"
CATEGORIES = "/api/v1/panels/activity/categories"
EVENTS = "/api/v1/panels/activity/events"
MISP = "https://misp.example"


class Site:
    """A site, what happens on it, and a browser."""

    def __init__(self, site: SiteUnderTest, browser: TestClient) -> None:
        self.site = site
        self.browser = browser
        self._ids = LiveIds("0-0")

    def happen(self, *activities: Activity, burst: int = 10_000) -> None:
        """Run the handlers, and apply what they want, as the worker does with a batch."""
        (plugin,) = self.site.site.plugins
        families = self.site.site.families.owned("activity")
        recorder, merged = Recorder("activity", families, plugin.channels), Merged()
        for activity in activities:
            recorder.clear()
            for handler in plugin.handlers:
                if isinstance(activity, handler.activity):
                    handler.function(activity, recorder)
            merged.add(recorder)
        settings = self.site.site.settings
        with self.site.redis.pipeline(transaction=True) as pipe:
            Transaction(settings, self._ids).effects(pipe, merged)
            pipe.execute()
        self.arrived(self._ids.last)

    def arrived(self, position: str) -> None:
        """Wait until the web process has an item."""
        hub = self.browser.app_state["web"].hub
        until(lambda: hub.id == position, "the arrival of what happened")

    def rows(self, path: str = ATTRIBUTES, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(path, **query)["rows"]
        return rows

    def get(self, path: str, **query: str) -> Any:
        answer = self.browser.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def card(self, name: str = "attributes", **query: str) -> str:
        answer = self.browser.get(f"/panel/activity/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def site(make_site: SiteMaker) -> Iterator[Site]:
    feeds = [{"name": "test", "url": "tcp://127.0.0.1:1", "misp_url": f"{MISP}/"}]
    made = make_site(plugins={"activity": {}}, feeds=feeds, live={"burst": 10_000, "history": 1000})
    with TestClient(made.app()) as browser:
        yield Site(made, browser)


def now() -> datetime:
    return datetime.now(UTC)


def attributes(count: int, **fields: Any) -> list[Activity]:
    return [attribute_shared(received=now(), value=f"value {i}", **fields) for i in range(count)]


def values(rows: list[dict[str, Any]]) -> list[str]:
    return [row["value"].removeprefix("value ") for row in rows]


# --- attributes --------------------------------------------------------------------------------------


def test_the_newest_attributes_come_first(site: Site) -> None:
    site.happen(*attributes(FIRST + 5))
    assert values(site.rows()) == [str(i) for i in range(FIRST + 4, 4, -1)]


def test_older_ones_are_paged_through_without_loss_or_repetition(site: Site) -> None:
    site.happen(*attributes(10))
    found, before = [], ""
    while page := site.rows(before=before, count="4"):
        found += values(page)
        before = page[-1]["id"]
    assert found == [str(i) for i in range(9, -1, -1)]


def test_a_filter_looks_through_the_whole_history(site: Site) -> None:
    site.happen(*attributes(2, type="md5"), *attributes(900))
    assert values(site.rows(q='type:"md5"')) == ["1", "0"]
    assert "data-ended" in site.card(q='type:"md5"')


def test_the_end_of_the_history_is_said(site: Site) -> None:
    site.happen(*attributes(FIRST))
    assert "history ends here" in visible(site.card())
    site.happen(*attributes(1))
    assert "history ends here" not in visible(site.card())
    assert "Older attributes" in site.card()


def test_tags_of_the_event_are_shown_and_filtered_by(site: Site) -> None:
    amber, own = Tag("1", "tlp:amber", "#ffc000"), Tag("2", "own:tag", "#00ff00")
    site.happen(*attributes(1), *attributes(2, event=event(tags=(amber,)), tags=(own,)))
    for query, count in (("tag:tlp:amber", 2), ('tag:"own:tag"', 2), ("-tag:tlp:amber", 1)):
        assert len(site.rows(q=query)) == count
    assert site.rows()[0]["tags"] == "tlp:amber own:tag"
    card = site.card(count="1")
    assert visible(card).count("tlp:amber") == 1
    assert 'title="tlp:amber, own:tag"' in card


def test_tags_that_a_feed_told_of_an_event_come_with_its_attributes(make_feed: FeedMaker) -> None:
    feed = make_feed(plugins={"activity": {}})
    amber = {"id": "2", "name": "tlp:amber", "colour": "#ffc000", "event_id": "7"}
    shared = {"id": "7", "uuid": "e", "info": "Phishing", "distribution": "3"}

    def attribute(value: str) -> None:
        row = {"type": "text", "value": value, "event_id": "7", "distribution": "5"}
        feed.send("misp_json_attribute", {"Attribute": row, "Event": shared, "action": "add"})

    feed.send("misp_json_event", {"Event": shared, "EventTag": [], "action": "add"})
    attribute("before")
    feed.send("misp_json_tag", {"Tag": amber, "action": "attached to event"})
    attribute("amber")
    feed.settle(4)
    feed.send("misp_json_tag", {"Tag": amber, "action": "detached from event"})
    attribute("after")
    feed.settle(6)
    with TestClient(feed.site.app()) as browser:

        def tags() -> dict[str, str]:
            return {row["value"]: row["tags"] for row in browser.get(ATTRIBUTES).json()["rows"]}

        until(lambda: len(tags()) == 3, "three attributes")
        assert tags() == {"before": "", "amber": "tlp:amber", "after": ""}
    assert feed.site.failures() == []


def test_the_organisation_of_the_page_joins_the_filter(site: Site) -> None:
    site.happen(*attributes(2, event=event(org="A")), *attributes(3, event=event(org="B")))
    assert len(site.rows(org="a")) == 2
    assert len(site.rows(org="A", q="value 1")) == 1
    assert site.rows(org="A", q='org:"B"') == []


def test_an_organisation_that_looks_like_a_filter_is_a_name(site: Site) -> None:
    site.happen(*attributes(1, event=event(org='* OR "x" (')), *attributes(1))
    assert len(site.rows(org='* OR "x" (')) == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "(a"}, "At character 1: this '(' is not closed; add a ')'."),
        ({"count": "0"}, f"count is a number from 1 to {MOST}, not '0'."),
        ({"count": "١٢"}, f"count is a number from 1 to {MOST}, not '١٢'."),
        ({"before": "x"}, "before is the id of an attribute, such as 1700000000000-0, not 'x'."),
    ],
)
def test_what_makes_no_sense_is_said_on_the_card_and_refused_as_json(
    site: Site, query: dict[str, str], sentence: str
) -> None:
    site.happen(*attributes(1))
    answer = site.browser.get(ATTRIBUTES, params=query)
    assert (answer.status_code, answer.json()["detail"]) == (400, sentence)
    page = site.browser.get("/", params=query)
    assert page.status_code == 200
    assert sentence.replace("'", "&#39;") in page.text


def test_a_filter_that_nothing_matches_says_so_and_offers_everything(site: Site) -> None:
    site.happen(*attributes(1))
    card = site.card(q="nothing-like-it")
    assert "matches the filter" in card
    assert 'value="nothing-like-it"' in card


def test_columns_are_chosen_in_the_address(site: Site) -> None:
    site.happen(*attributes(1, comment="seen in the wild"))
    heads = re.findall(
        r'<th scope="col" data-column="(\w+)"( hidden)?>', site.card(columns="value,comment,nonsense")
    )
    assert [name for name, hidden in heads if not hidden] == ["value", "comment"]
    assert [name for name, hidden in heads if not hidden] != [name for name, _ in heads]


def test_values_are_defanged_to_look_at_and_as_they_are_in_json(site: Site) -> None:
    site.happen(attribute_shared(received=now(), type="url", value="http://a.example/x.php"))
    assert "hxxp://a[.]example/x.php" in site.card()
    assert site.rows()[0]["value"] == "http://a.example/x.php"


def test_what_is_configured_links_to_misp(site: Site) -> None:
    told = event(uuid="", id="7/../../x?")
    site.happen(attribute_shared(received=now(), uuid="a b", event=told))
    (row,) = site.rows()
    assert row["url"] == f"{MISP}/attributes/view/a%20b"
    assert row["event_url"] == f"{MISP}/events/view/7%2F..%2F..%2Fx%3F"
    site.happen(attribute_shared(received=now(), feed="another"))
    assert site.rows()[0]["url"] is None


def test_what_was_left_out_is_counted_beside_the_next(site: Site) -> None:
    site.happen(*attributes(3))
    key = next(iter(site.site.redis.scan_iter("*live:activity:attributes")))
    item = json.dumps({**site_item(site), "value": "late"})
    site.site.redis.xadd(key, {"d": item, "skipped": "93"}, id="9999999999999-0")
    site.arrived("9999999999999-0")
    assert re.search(r'class="skipped" title="[^"]+">\+93<', site.card())


def site_item(site: Site) -> dict[str, Any]:
    found = re.search(r'data-item="([^"]+)"', site.card())
    assert found
    item: dict[str, Any] = json.loads(found[1].replace("&#34;", '"'))
    return item


# --- categories and events ---------------------------------------------------------------------------


def test_the_figures_of_the_day_are_there(site: Site) -> None:
    site.happen(*attributes(3), event_shared(received=now(), event=event(uuid="u2", org="Other")))
    figures = {figure["name"]: figure["value"] for figure in site.get(CATEGORIES)["figures"]}
    assert figures == {"attributes": 3, "events": 2, "organisations": 2, "sightings": 0}


@pytest.mark.parametrize(
    ("last", "precision", "pieces"),
    [("1h", "by quarter of an hour", 5), ("48h", "by hour", 49), ("30d", "whole days", 30)],
)
def test_counts_are_as_precise_as_the_range_allows(
    site: Site, last: str, precision: str, pieces: int
) -> None:
    site.happen(*attributes(3), *attributes(2, category="Other kinds"))
    answer = site.get(CATEGORIES, last=last)
    assert answer["precision"].removesuffix(", the last one so far") == precision
    assert sum(row["attributes"] for row in answer["rows"]) == 5
    by_category = [row for row in answer["rows"] if row["category"] == "Network activity"]
    assert len(by_category) in (pieces, pieces - 1)  # on the hour there is one fewer
    assert answer["summary"] == "5 new attributes; 60 % of them Network activity."


@pytest.mark.parametrize(
    ("until", "told"), [("T23:00", "by hour"), ("T23:01", "by hour, the last one so far")]
)
def test_a_piece_that_is_not_whole_is_said_to_be_so(site: Site, until: str, told: str) -> None:
    day = (now() - timedelta(days=1)).date().isoformat()
    assert site.get(CATEGORIES, **{"from": f"{day}T10:00", "to": day + until})["precision"] == told


def test_beyond_what_is_kept_in_detail_there_are_whole_days(site: Site) -> None:
    since = (now() - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = (now() - timedelta(days=39)).strftime("%Y-%m-%dT%H:%M:%SZ")
    site.happen(attribute_shared(received=now() - timedelta(days=40)))
    answer = site.get(CATEGORIES, **{"from": since, "to": until})
    assert answer["precision"] == "whole days"
    assert sum(row["attributes"] for row in answer["rows"]) == 1


def test_each_event_is_listed_once_as_it_was_told_of_last(site: Site) -> None:
    site.happen(*(shared(uuid, attribute_count=i) for i, uuid in enumerate("abab")))
    assert [(row["event_uuid"], row["attributes"]) for row in site.rows(EVENTS)] == [("b", 3), ("a", 2)]


def shared(uuid: str, **fields: Any) -> EventShared:
    return event_shared(received=now(), event=event(uuid=uuid), **fields)


def test_events_beyond_those_listed_are_counted(site: Site) -> None:
    site.happen(*(shared(str(i)) for i in range(20)))
    answer = site.get(EVENTS)
    assert len(answer["rows"]) + answer["left_out"] == 20


# --- hostile -----------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'--></template></tbody><svg/onload=alert(1)>",
    "\u202egpj.exe",
    "=HYPERLINK(\"http://a.example\")",
    "{{ 7 * 7 }}{% raw %}",
    "W" * 300,
    "\x00\x1b[2J",
    "&lt;b&gt;",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_markup(site: Site, text: str) -> None:
    told = event(org=text, info=text, id=text, uuid=text)
    fields = {"value": text, "category": text, "type": text, "comment": text, "object": text}
    site.happen(
        attribute_shared(received=now(), event=told, relation=text, uuid=text, **fields),
        event_shared(received=now(), event=told),
    )
    page = site.browser.get("/", params={"q": f'"{text}', "org": text, "columns": text}).text
    page += site.browser.get("/").text
    for tag in ("<script>", "<img src=x", "<svg/", "<b>"):
        assert tag not in page
    assert str(escape(text)) in site.card("events")
    assert page.count("<template>") == page.count("</template>")


def test_csv_values_that_are_formulas_are_text(site: Site) -> None:
    site.happen(attribute_shared(received=now(), value="=1+1", event=event(org="@SUM(A1)")))
    sheet = site.browser.get(f"{ATTRIBUTES}.csv").text
    assert not re.search(r'(^|,)"?[=@]', sheet, re.MULTILINE)


def visible(html: str) -> str:
    """The text of a card without what is hidden."""
    return re.sub(r"<(p|div|li)[^>]* hidden[^>]*>.*?</\1>|<[^>]*>", "", html, flags=re.DOTALL)
