"""The page of trendings, its panels as HTML, JSON and CSV, and the search, over HTTP."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from watchfloor.testing import FeedMaker, SiteMaker, SiteUnderTest, until
from watchfloor_trendings import index
from watchfloor_trendings.keys import EVENTS, FALSE_POSITIVES, LISTS, SIGHTINGS, TAGS, TYPES
from watchfloor_trendings.links import misp_links

DAY = date(2026, 3, 1)
RANGE = "from=2026-03-01&to=2026-03-07"
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}\u202e"
FEEDS = [
    {"name": "main", "url": "tcp://192.0.2.1:50000", "misp_url": "https://misp.example/"},
    {"name": "bare", "url": "tcp://192.0.2.2:50000"},
]


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    made = make_site({"trendings": {}}, feeds=FEEDS)
    made.redis.zadd(EVENTS(date=DAY), {"Phishing": 3, HOSTILE: 2})
    made.redis.zadd(EVENTS(date=DAY + timedelta(days=2)), {"Phishing": 5, "Événement": 1})
    made.redis.zadd(EVENTS(date=DAY - timedelta(days=1)), {"Phishing": 10})
    made.redis.zadd(TAGS(date=DAY), {json.dumps({"id": "2", "name": "tlp:red", "colour": "#ff0000"}): 4})
    made.redis.zadd(TYPES(date=DAY), {"ip-dst": 1})
    made.redis.set(SIGHTINGS(date=DAY), 6)
    made.redis.set(FALSE_POSITIVES(date=DAY + timedelta(days=1)), 2)
    return made


@pytest.fixture
def browser(site: SiteUnderTest) -> Iterator[TestClient]:
    with TestClient(site.app()) as client:
        yield client


def rows(browser: TestClient, panel: str, query: str = RANGE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.get(f"/api/v1/panels/trendings/{panel}?{query}").json()["rows"]
    return found


def links(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="([^"]*)"', page)]


def test_a_list_compares_with_the_days_before_and_leads_to_misp(browser: TestClient) -> None:
    first, *_ = rows(browser, "events")
    assert first == {
        "label": "Phishing",
        "count": 8,
        "share": 72.7,
        "before": 10,
        "change": -2,
        "score": 8.0,
        "misp": "https://misp.example/events/index/searcheventinfo:Phishing",
    }
    page = browser.get(f"/trendings/?{RANGE}").text
    assert "fewer than in the 7 days before" in page
    assert 'title="Not seen in the 7 days before."' in page


def test_the_page_shows_every_kind_at_first_paint(browser: TestClient) -> None:
    page = browser.get(f"/trendings/?{RANGE}").text
    for shown in ("Phishing", "Événement", "tlp:red", "ip-dst", "6 sightings and 2 false positives"):
        assert shown in page
    assert 'class="failed"' not in page


def test_hostile_labels_are_text_everywhere(browser: TestClient) -> None:
    query = f"{RANGE}&timeline=events"
    for path in ("/trendings/", "/trendings/search", "/"):
        page = browser.get(path, params=[*parse_qsl(query), ("follow_events", HOSTILE)]).text
        assert "<img src=x" not in page
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;.{0,40}", page)[:1]
    found = browser.get(f"/trendings/search.json?{RANGE}&q=ONERROR").json()
    assert found["labels"] == [{"label": HOSTILE, "count": 2}]
    assert browser.get("/trendings/search.json").headers["content-type"] == "application/json"


def test_csv_has_the_same_rows(browser: TestClient) -> None:
    text = browser.get(f"/api/v1/panels/trendings/types.csv?{RANGE}").text
    assert [line.split(",")[:2] for line in text.splitlines()] == [["label", "count"], ["ip-dst", "1"]]


def test_a_course_has_every_day_and_zeros(browser: TestClient) -> None:
    found = [row["count"] for row in rows(browser, "events-course") if row["label"] == "Phishing"]
    assert found == [3, 0, 5, 0, 0, 0, 0]


def test_who_is_followed_stands_in_the_address(browser: TestClient) -> None:
    query = f"{RANGE}&follow_events=%C3%89v%C3%A9nement&follow_events=Nobody"
    found = {row["label"]: row["count"] for row in rows(browser, "events-course", query) if row["count"]}
    assert found == {"Événement": 1}
    assert {row["label"] for row in rows(browser, "events-course", query)} == {"Événement", "Nobody"}
    assert [row["label"] for row in rows(browser, "timeline", query)] == ["Événement"]
    page = browser.get(f"/trendings/?{query}").text
    assert 'aria-label="Stop following Événement"' in page
    follow = next(
        link for link in links(page) if ("follow_events", "Phishing") in parse_qsl(urlsplit(link).query)
    )
    asked_for = parse_qsl(urlsplit(follow).query)
    assert [value for name, value in asked_for if name == "follow_events"] == [
        "Événement",
        "Nobody",
        "Phishing",
    ]
    assert ("from", "2026-03-01") in asked_for


def test_links_of_a_card_that_was_fetched_anew_lead_to_its_page(browser: TestClient) -> None:
    card = browser.get(f"/panel/trendings/events?{RANGE}").text
    mine = [link for link in links(card) if "follow_events" in link]
    assert len(mine) == 3
    assert all(link.startswith("?") for link in mine)


def test_the_timeline_tells_when_each_was_active(browser: TestClient) -> None:
    first, *_ = rows(browser, "timeline")
    assert first == {
        "label": "Phishing",
        "first": "2026-03-01",
        "last": "2026-03-03",
        "days": 2,
        "count": 8,
        "peak": 5,
        "peak_day": "2026-03-03",
    }
    assert [row["label"] for row in rows(browser, "timeline", f"{RANGE}&timeline=tags")] == ["tlp:red"]


def test_sightings_have_totals_a_ratio_and_a_course(browser: TestClient) -> None:
    found = browser.get(f"/api/v1/panels/trendings/sightings?{RANGE}").json()
    figures = {figure["name"]: figure["value"] for figure in found["figures"]}
    assert figures == {"sightings": 6, "false_positives": 2, "false_positive_share": 25.0}
    assert sum(row["count"] for row in found["rows"] if row["kind"] == "sightings") == 6
    assert len(found["rows"]) == 14


def test_the_old_programs_ranking_is_an_option(browser: TestClient) -> None:
    found = rows(browser, "events", f"{RANGE}&rank=weighted")
    # Of 7 days the 4th back counts (7 - 16)/7 times, the 6th (7 - 36)/7 times.
    assert {row["label"]: row["score"] for row in found} == {
        "Événement": round(-9 / 7, 2),
        "Phishing": round((5 * -9 + 3 * -29) / 7, 2),
        HOSTILE: round(2 * -29 / 7, 2),
    }
    assert found[0]["label"] == "Événement"
    assert "as in misp-dashboard" in browser.get(f"/trendings/?{RANGE}&rank=weighted").text


@pytest.mark.parametrize("given", ["0", "101", "ten", "-1", "1e1", "٣", "9" * 2000])
def test_a_number_of_rows_that_makes_no_sense_is_refused(browser: TestClient, given: str) -> None:
    for panel in ("events", "timeline"):
        answer = browser.get(f"/api/v1/panels/trendings/{panel}?{RANGE}", params={"rows": given})
        assert answer.status_code == 400
        assert "rows is a number from 1 to 100" in answer.text
    assert "rows is a number from 1 to 100" in browser.get("/trendings/", params={"rows": given}).text


def test_rows_are_as_many_as_asked_for(browser: TestClient) -> None:
    assert len(rows(browser, "events", f"{RANGE}&rows=1")) == 1


def test_a_range_of_hours_says_that_whole_days_are_counted(browser: TestClient) -> None:
    assert (
        "whole days" in browser.get("/panel/trendings/events?from=2026-03-01T10:00&to=2026-03-03T12:00").text
    )
    assert "whole days" not in browser.get(f"/panel/trendings/events?{RANGE}").text


def test_a_search_finds_by_a_part_without_case_and_accents(browser: TestClient) -> None:
    page = browser.get(f"/trendings/search?{RANGE}&kind=events&q=EVENEMENT&follow_tags=tlp:red").text
    [found] = [link for link in links(page) if "follow_events" in link]
    assert set(parse_qsl(urlsplit(found).query)) == {
        ("from", "2026-03-01"),
        ("to", "2026-03-07"),
        ("follow_tags", "tlp:red"),
        ("follow_events", "Événement"),
    }
    assert browser.get(found).status_code == 200


def test_a_search_is_of_the_range_and_the_most_counted_come_first(browser: TestClient) -> None:
    def found(query: str) -> list[str]:
        return [label["label"] for label in browser.get(f"/trendings/search.json?{query}").json()["labels"]]

    assert found(f"{RANGE}&kind=events&q=") == ["Phishing", HOSTILE, "Événement"]
    assert found("from=2026-02-28&to=2026-02-28&kind=events&q=nement") == []
    assert "None of the tags" in browser.get(f"/trendings/search?{RANGE}&kind=tags&q=nothing").text


def test_a_search_that_makes_no_sense_is_refused(browser: TestClient) -> None:
    assert browser.get("/trendings/search?kind=secrets").status_code == 400
    assert browser.get("/trendings/search.json", params={"q": "x" * 201}).status_code == 400


def test_a_card_says_that_counts_are_being_read(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SHORT", 0.0)
    card = browser.get("/panel/trendings/events?last=365d").text
    assert "Reading 730 days of events for the first time: 0 are done." in card
    assert "data-reading" in card
    assert browser.get("/trendings/search.json?q=a&last=900d").json()["reading"].startswith("Reading")
    monkeypatch.setattr(index, "_SHORT", 10.0)
    assert "data-reading" not in browser.get("/panel/trendings/events?last=364d").text


def test_empty_cards_name_what_is_switched_off_in_misp(make_feed: FeedMaker) -> None:
    feed = make_feed(plugins={"trendings": {}})
    feed.send("misp_json_self", {"status": "x", "uptime": 1})
    feed.settle(1)
    with TestClient(feed.site.app()) as browser:
        for panel, setting in (
            ("sightings", "Plugin.ZeroMQ_sighting_notifications_enable"),
            ("types", "Plugin.ZeroMQ_attribute_notifications_enable"),
            ("events-course", "Plugin.ZeroMQ_event_notifications_enable"),
            ("discussions", "Plugin.ZeroMQ_enable"),
        ):
            assert setting in browser.get(f"/panel/trendings/{panel}").text


def test_what_a_feed_sends_moves_the_numbers_of_a_page_that_was_read(make_feed: FeedMaker) -> None:
    feed = make_feed(plugins={"trendings": {}})
    with TestClient(feed.site.app()) as browser:
        for number in range(1, 4):
            body = {"Event": {"id": str(number), "uuid": f"{number}", "info": "Phishing"}, "action": "add"}
            feed.send("misp_json_event", body)
            feed.settle(number)

            def shown(number: int = number) -> bool:
                return [row["count"] for row in rows(browser, "events", "last=1d")] == [number]

            until(shown, "the new count")


def test_days_are_cut_in_the_zone_of_the_site(make_site: SiteMaker) -> None:
    """On 29 March 2026 Luxembourg skips an hour; the viewer in Tokyo asks for the same days of the site."""
    site = make_site({"trendings": {}}, timezone="Europe/Luxembourg")
    for day, number in ((28, 1), (29, 2), (30, 4)):
        site.redis.zadd(EVENTS(date=date(2026, 3, day)), {"a": number})
    with TestClient(site.app()) as browser:
        [row] = rows(browser, "events", "from=2026-03-29&to=2026-03-29&tz=Asia/Tokyo")
        assert (row["count"], row["before"]) == (2, 1)
        # 01:00 on the 30th in Tokyo is still the 29th in Luxembourg.
        [row] = rows(browser, "events", "from=2026-03-30T01:00&to=2026-03-30T09:00&tz=Asia/Tokyo")
        assert row["count"] == 2 + 4


def test_links_say_which_misp_where_there_are_several() -> None:
    misp = {"a": "https://a.example", "b": "https://b.example/misp"}
    found = misp_links("tags", 'x:y="z"', misp)
    assert [(link.feed, link.url) for link in found] == [
        ("a", "https://a.example/events/index/searchtag:x%3Ay%3D%22z%22"),
        ("b", "https://b.example/misp/events/index/searchtag:x%3Ay%3D%22z%22"),
    ]
    assert misp_links("categories", "Other", misp) == []


def test_the_live_page_holds_the_tags_alone(browser: TestClient) -> None:
    page = browser.get("/", params={"from": "2026-03-01", "to": "2026-03-07"}).text
    cards = re.findall(r'data-panel="trendings/([^"]*)"', page)
    assert cards == ["trending-tags"]
    assert "tlp:red" in page


def test_every_list_has_a_panel_a_course_and_an_option(browser: TestClient) -> None:
    for kind in LISTS:
        for panel in (kind, f"{kind}-course"):
            answer = browser.get(f"/api/v1/panels/trendings/{panel}?last=1d&follow_{kind}=x")
            assert answer.status_code == 200, answer.text
