"""The panels of trendings over a year of many different events: time of a route, memory, first reading."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection

from benchmarks.common import Bench, Row, bench, cpu_seconds, free_port, memory, until, watchfloor
from watchfloor_trendings.keys import CATEGORIES, EVENTS, TAGS, TYPES

DAYS = 365
EVENTS_A_DAY = 5_000
NEW_A_DAY = 500  # of a realistic turnover; the others were active in the weeks before
REQUESTS = 100  # of each panel, one after the other
PANELS = ("events", "events-course", "tags", "timeline", "sightings")


def run() -> list[Row]:
    """Rows for a realistic turnover of titles, and for a year in which no title comes twice."""
    return [
        row
        for what, new in (("a tenth new a day", NEW_A_DAY), ("all different", EVENTS_A_DAY))
        for row in _measure(what, new)
    ]


def _measure(what: str, new: int) -> list[Row]:
    port = free_port()
    with bench() as site:
        _fill(site, new)
        with watchfloor(*site.options, "--set", "timezone=UTC", "serve", "--port", str(port)) as process:
            client = HTTPConnection("127.0.0.1", port, timeout=30)
            until(lambda: _answers(client))
            empty = memory(process.pid)
            first = _first(client)
            rows = [_timed(client, process.pid, what, panel, order) for panel, order in _asked()]
            grown = memory(process.pid) - empty
    size = f"{DAYS} days of {EVENTS_A_DAY:,} titles, {what}"
    return [
        Row(f"{size}: first reading", f"{first:.1f} s", "the card says so meanwhile, in 0.4 s"),
        Row(f"{size}: memory", f"{grown / 2**20:.0f} MiB", "what the web process grew by"),
        *rows,
    ]


def _asked() -> Iterator[tuple[str, str]]:
    yield from ((panel, "sum") for panel in PANELS)
    yield "events", "weighted"


def _fill(site: Bench, new: int) -> None:
    """Titles that come up again for weeks, as events are edited; categories, types and tags as on a MISP."""
    chance, today = random.Random(1), datetime.now(UTC).date()
    for back in range(DAYS):
        number = (DAYS - back) * new
        active = range(number, number + EVENTS_A_DAY)
        with site.redis.pipeline(transaction=False) as pipe:
            day = today - timedelta(days=back)
            pipe.zadd(EVENTS(date=day), {_title(n): chance.randrange(1, 30) for n in active})
            pipe.zadd(CATEGORIES(date=day), {f"Category {n}": chance.randrange(1, 3000) for n in range(16)})
            pipe.zadd(TYPES(date=day), {f"type-{n}": chance.randrange(1, 900) for n in range(180)})
            pipe.zadd(TAGS(date=day), {_tag(n): chance.randrange(1, 900) for n in range(400)})
            pipe.execute()


def _title(number: int) -> str:
    return f"OSINT - campaign {number} against municipal staff, new infrastructure"


def _tag(number: int) -> str:
    return json.dumps({"id": str(number), "name": f'misp-galaxy:tool="{number}"', "colour": "#0088cc"})


def _answers(client: HTTPConnection) -> bool:
    try:
        return bool(_get(client, "/health"))
    except OSError:
        client.close()
        return False


def _get(client: HTTPConnection, path: str) -> bytes:
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
    return body


def _first(client: HTTPConnection) -> float:
    """Seconds until the first card of a year has its numbers."""
    begun = time.perf_counter()
    until(lambda: b"data-reading" not in _get(client, _panel("events", "last=365d", "sum")))
    taken = time.perf_counter() - begun
    until(lambda: b"data-reading" not in _get(client, _panel("tags", "last=365d", "sum")))
    return taken


def _timed(client: HTTPConnection, pid: int, what: str, panel: str, order: str) -> Row:
    chance, took, worked = random.Random(2), [], cpu_seconds(pid)
    for _ in range(REQUESTS):
        path = _panel(panel, _range(chance), order)
        begun = time.perf_counter()
        _get(client, path)
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
    each = (cpu_seconds(pid) - worked) * 1000 / REQUESTS
    weighted = ", weighted" if order == "weighted" else ""
    return Row(
        f"panel {panel}{weighted}, {what}",
        f"{middle:.0f} ms median, {late:.0f} ms p95",
        f"random ranges of up to a year as HTML over HTTP; {each:.0f} ms of CPU each",
    )


def _range(chance: random.Random) -> str:
    today: date = datetime.now(UTC).date()
    first, last = sorted(chance.sample(range(DAYS), 2))
    return f"from={today - timedelta(days=last)}&to={today - timedelta(days=first)}"


def _panel(name: str, range_: str, order: str) -> str:
    return f"/panel/trendings/{name}?{range_}&rank={order}"
