"""`watchfloor trendings top` on a terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from watchfloor.cli import cli
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor_trendings.keys import EVENTS, TYPES

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    made = make_site({"trendings": {}})
    made.redis.zincrby(EVENTS(date=TODAY), 2, "red \x1b[31m alert")
    made.redis.zincrby(EVENTS(date=TODAY), 1, "second")
    return made


def top(site: SiteUnderTest, *arguments: str) -> Result:
    options = ["--set", f"redis.url={site.url}", "--set", "timezone=UTC"]
    return CliRunner().invoke(cli, [*options, "trendings", "top", *arguments])


def test_it_prints_the_top_and_spells_out_what_could_move_a_cursor(site: SiteUnderTest) -> None:
    assert (
        top(site, "events").output == "       2            red \\x1b[31m alert\n       1            second\n"
    )


def test_json_has_the_label_as_it_is_and_all_numbers(site: SiteUnderTest) -> None:
    found = json.loads(top(site, "events", "--json", "--rows", "1").output)
    assert found == [{"label": "red \x1b[31m alert", "count": 2, "share": 66.7, "before": 0, "score": 2.0}]


def test_it_compares_with_as_many_days_before(site: SiteUnderTest) -> None:
    site.redis.zincrby(EVENTS(date=YESTERDAY), 5, "second")
    lines = top(site, "events", "--days", "1").output.splitlines()
    assert [line.split()[:2] for line in lines] == [["2", "new"], ["1", "-4"]]


def test_types_have_a_list_and_an_empty_one_says_so(site: SiteUnderTest) -> None:
    assert top(site, "types").output == "No types in the last 7 days.\n"
    site.redis.zincrby(TYPES(date=TODAY), 3, "ip-dst")
    assert top(site, "types").output == "       3            ip-dst\n"


def test_the_old_programs_ranking_puts_recent_days_first(site: SiteUnderTest) -> None:
    site.redis.zincrby(EVENTS(date=TODAY - timedelta(days=2)), 3, "older")
    assert [line.split()[-1] for line in top(site, "events").output.splitlines()] == [
        "older",
        "alert",
        "second",
    ]
    weighted = top(site, "events", "--rank", "weighted").output
    assert [line.split()[-1] for line in weighted.splitlines()] == ["alert", "older", "second"]
