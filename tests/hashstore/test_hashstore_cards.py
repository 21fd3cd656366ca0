"""The cards and the health of the store, how lookups are described, and what a demo says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from starlette.testclient import TestClient

from watchfloor import Ask
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.web.server import serving
from watchfloor_hashstore import health, info, usage
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, EventIs
from watchfloor_hashstore.demo import DEMO
from watchfloor_hashstore.info import running
from watchfloor_hashstore.keys import LOOKUPS, STATE
from watchfloor_hashstore.own_keys import OwnKey, create, listed
from watchfloor_hashstore.portable.hashing import digest, digests
from watchfloor_hashstore.state import locked, state

UUID = "11111111-1111-4111-8111-111111111111"
BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
DAY = 86_400


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site(plugins={"hashstore": {}})


@pytest.fixture
def browser(site: SiteUnderTest) -> Iterator[TestClient]:
    with TestClient(site.app()) as client:
        yield client


def panel(browser: TestClient, name: str, **query: str) -> Any:
    answer = browser.get(f"/api/v1/panels/hashstore/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(told: Any) -> dict[str, float]:
    return {figure["name"]: figure["value"] for figure in told["figures"]}


def fill(site: SiteUnderTest) -> None:
    hashes = [[digest(f"host-{number}.example")] for number in range(30)]
    known = [AttributeIs(n, 7, of, "*", "domain", "Other", 1.0) for n, of in enumerate(hashes, 1)]
    bring_in(site.redis, [EventIs(7, UUID, 1, "*", 1.0), *known])


def asked(site: SiteUnderTest, hour: datetime, values: int, found: int) -> None:
    """So many values were asked for, in one request of that hour in UTC."""
    at = hour.astimezone(UTC)
    counts = {f"{at:%H}:requests": 1, f"{at:%H}:asked": values, f"{at:%H}:found": found}
    site.redis.hset(LOOKUPS(date=at.date()), mapping=counts)


def test_an_empty_store_says_what_to_do(browser: TestClient) -> None:
    assert "watchfloor hashstore import" in panel(browser, "store")["empty"]["text"]
    assert "Nobody asked" in panel(browser, "lookups", last="24h")["empty"]["text"]


def test_the_card_tells_sizes_and_times(site: SiteUnderTest, browser: TestClient) -> None:
    fill(site)
    told = panel(browser, "store")
    assert figures(told) == {"attributes": 30, "entries": 30, "events": 1}
    assert told["range"] is None
    assert [row["time"] for row in told["rows"]] == [None, None]
    imported = datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()
    fields = {"imported": imported, "updated": imported + 60, "attributes": 29, "source": "mysql:misp"}
    site.redis.hset(STATE(), mapping=fields)
    with TestClient(site.app()) as anew:
        told = panel(anew, "store", tz="Europe/Berlin")
        assert figures(told) == {"attributes": 30, "entries": 30, "events": 1}
        assert [row["time"] for row in told["rows"]] == [
            "2026-03-29T03:30:00+02:00",
            "2026-03-29T03:31:00+02:00",
        ]
        assert told["rows"][0]["note"] == "29 attributes from mysql:misp"


@pytest.mark.parametrize("enough", [20_000, 100])
def test_attributes_are_told_by_their_hashes(
    site: SiteUnderTest, browser: TestClient, monkeypatch: pytest.MonkeyPatch, enough: int
) -> None:
    monkeypatch.setattr(info, "_ENOUGH", enough)
    kinds = {
        "domain": ("{}.example", ""),
        "ip-dst|port": ("host-{}", "80"),
        "filename|md5": ("{}.exe", "{:032x}"),
    }
    known = [
        AttributeIs(
            n, 7, sorted(digests(type_, *(half.format(n) for half in halves))), "*", type_, "Other", 1.0
        )
        for n, (type_, halves) in enumerate(list(kinds.items()) * 400, 1)
    ]
    bring_in(site.redis, [EventIs(7, UUID, 1, "*", 1.0), *known])
    told = figures(panel(browser, "store"))
    assert told["entries"] == 400 * (1 + 2 + 3)
    # All are looked at, or some.
    assert told["attributes"] == 1200 if enough > 2400 else 1100 < told["attributes"] < 1300


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_lookups_of_a_day_when_clocks_change(make_site: SiteMaker, day: date, hours: int) -> None:
    site = make_site(plugins={"hashstore": {}}, timezone="Europe/Berlin")
    start = datetime.combine(day, datetime.min.time(), BERLIN).astimezone(UTC)
    for hour in range(-2, hours + 2):
        asked(site, start + timedelta(hours=hour), 10, hour % 10)
    after = (day + timedelta(days=1)).isoformat()
    with TestClient(site.app()) as browser:
        told = panel(browser, "lookups", **{"from": day.isoformat(), "to": after})
    ended = [row for row in told["rows"] if row["time"].startswith(day.isoformat())]
    times = [row["time"] for row in ended if row["result"] == "known"]
    assert len(set(times)) == len(times) == hours
    assert [row["values"] for row in ended if row["result"] == "known"] == [n % 10 for n in range(hours)]
    assert sum(row["values"] for row in ended) == 10 * hours


def test_long_ranges_are_cut_in_the_viewers_days(site: SiteUnderTest, browser: TestClient) -> None:
    asked(site, datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 5, 1)  # 00:00 on the 25th in Berlin
    asked(site, datetime(2026, 10, 25, 22, 59, tzinfo=UTC), 7, 2)  # 23:59 on the 25th
    asked(site, datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 11, 3)  # 00:00 on the 26th
    query = {"from": "2026-10-10", "to": "2026-10-31"}
    for zone, expected in (("Europe/Berlin", {"25": 3, "26": 3}), ("UTC", {"24": 1, "25": 5})):
        told = panel(browser, "lookups", tz=zone, **query)
        known = {r["time"][8:10]: r["values"] for r in told["rows"] if r["result"] == "known" and r["values"]}
        assert known == expected
        assert figures(told) == {"requests": 3, "asked": 23, "found": 6, "rate": 26.1}


@pytest.mark.parametrize("zone", [BERLIN, KOLKATA, ZoneInfo("UTC")])
@pytest.mark.parametrize("length", [timedelta(hours=30), timedelta(days=9)])
def test_every_hour_counts_once(zone: ZoneInfo, length: timedelta) -> None:
    since = datetime(2026, 10, 24, 0, 0, tzinfo=zone)
    ask = Ask(None, since, (since.astimezone(UTC) + length).astimezone(zone), date.min, date.min, zone)
    days = {day: {b"%02d:asked" % hour: b"1" for hour in range(24)} for day in usage.days_of(ask)}
    course = usage.course(ask, days)
    begun = since.astimezone(UTC).replace(minute=0) if length < usage.HOURS else since
    inside = [at for at, _, _ in usage.hours_of(days) if begun.timestamp() <= at < ask.until.timestamp()]
    assert course.total.asked == sum(course.missed) == len(inside)
    assert [start.tzinfo for start in course.starts] == [zone] * len(course.starts)


def test_lookups_are_counted_where_the_card_looks(site: SiteUnderTest) -> None:
    with TestClient(site.app()) as browser:
        browser.post("/hashstore/json", json={"method": "search", "value": "x"})
        key = DEMO.function(_Terminal(site), "http://x")
        words = next(iter(key)).split()
        browser.post("/hashstore/lookup", json=["a", "b"], headers={"authorization": words[-1]})
    with TestClient(site.app()) as browser:
        counted = figures(panel(browser, "lookups", last="24h"))
    assert counted == {"asked": 2, "found": 0, "rate": 0, "requests": 1}


class _Terminal:
    def __init__(self, site: SiteUnderTest) -> None:
        self.zone, self.redis = site.zone, site.redis


def test_a_demo_tells_a_key_for_everybody(site: SiteUnderTest) -> None:
    sentences = list(DEMO.function(_Terminal(site), "http://127.0.0.1:1"))
    assert "http://127.0.0.1:1/hashstore/" in sentences[1]
    (made,) = listed(site.redis).values()
    assert made.organisation is None


def test_the_check_looks_at_the_store(site: SiteUnderTest, browser: TestClient) -> None:
    fill(site)
    checks = {check["owner"]: check for check in browser.get("/ready").json()["checks"]}
    assert checks["hashstore"]["state"] == "ok"
    assert "of 1 event." in checks["hashstore"]["text"]


def test_a_store_that_does_not_answer_fails_its_check_alone(make_site: SiteMaker) -> None:
    site = make_site(plugins={"hashstore": {"redis": {"url": "redis://127.0.0.1:1/0"}}})
    with TestClient(site.app()) as browser:
        checks = {check["owner"]: check for check in browser.get("/ready").json()["checks"]}
        assert checks["hashstore"]["state"] == "failing"
        assert "The store's Redis does not answer" in checks["hashstore"]["text"]
        assert not checks["hashstore"]["critical"]


@pytest.mark.parametrize(
    ("facts", "state_", "says"),
    [
        ({"imported": 10 * DAY, "updated": 99.9 * DAY}, "ok", "Imported 90 days ago, updated 2 hours ago."),
        ({"imported": 10 * DAY, "updated": 92 * DAY}, "warning", "run 'watchfloor hashstore update'"),
        ({"imported": 0, "updated": 0, "import_running": True}, "ok", "The first import is running."),
        ({"imported": DAY, "updated": 99 * DAY, "import_running": True}, "ok", "; an import or update is"),
        ({"imported": DAY, "updated": 99 * DAY, "waiting": 20_000}, "warning", "20,000 changes of the feed"),
    ],
)
def test_what_the_check_says(facts: dict[str, Any], state_: str, says: str) -> None:
    found = {"waiting": 0, "events": 0, "import_running": False, **facts}
    told = health.verdict(found, 7, 100.0 * DAY)
    assert told.state == state_
    assert says in told.text
    assert health.verdict({**found, "waiting": 0}, None, 100.0 * DAY).state == "ok"


def test_a_lock_that_ran_out_is_no_running_import(site: SiteUnderTest) -> None:
    assert not running(state(site.redis))
    with locked(site.redis):
        assert running(state(site.redis))
        site.redis.hset(STATE(), "lock_until", int(time.time()) - 1)
        assert not running(state(site.redis))


def test_lookups_stand_in_the_description_of_the_api(browser: TestClient) -> None:
    described = browser.get("/api/openapi.json").json()
    OpenAPIV31SpecValidator(described).validate()
    responses = described["paths"]["/hashstore/lookup"]["post"]["responses"]
    assert {"200", "400", "401", "413", "415", "422", "429", "503"} == set(responses)


def test_the_description_of_lookups_is_true_of_what_is_answered(site: SiteUnderTest) -> None:
    fill(site)
    key = create(site.redis, OwnKey("odd questions"))
    # That a question holds either values or hashes, and what a hash is, is more than the schema says.
    unsaid: list[Any] = [positive_data_acceptance, negative_data_rejection]
    with serving(site.site, site.url) as url:
        described: Any = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
        (found,) = described.include(path="/hashstore/lookup").get_all_operations()
        statuses = _exercise(found.ok(), key, unsaid)
    assert {200, 422} <= statuses


def _exercise(operation: Any, key: str, unsaid: list[Any]) -> set[int]:
    """Ask in many ways, some of them wrong; the statuses of the answers."""
    statuses = set()

    @seed(1)
    @settings(
        max_examples=100, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)
    )
    def ask(case: Any) -> None:
        case.headers["Authorization"] = key
        statuses.add(case.call_and_validate(excluded_checks=unsaid).status_code)

    ask()
    return statuses
