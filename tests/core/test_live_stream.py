"""The stream as a browser sees it: a real server, a real socket."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from watchfloor.store.keys import LIVE
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchfloor.store.clients import Redis
    from watchfloor.testing import SiteMaker, SiteUnderTest

TAGS, EVENTS = "/live?channels=trendings/tags", "/live?channels=trendings/tags,trendings/events"


class Event(NamedTuple):
    name: str
    data: object
    id: str = ""


class Browser:
    """Reads server-sent events from a response, one by one."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response
        self.lines: list[str] = []

    def next(self) -> Event | None:
        """The next event; None at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self.response.readline().decode():
            self.lines.append(line)
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "" and "data" in fields:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
            if name:
                fields[name] = value
        return None


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site({"trendings": {}}, live={"history": 5, "heartbeat_seconds": 0.2})


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as url:
        yield url


@contextmanager
def get(url: str, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()})
        response = connection.getresponse()
        yield response
        response.close()
    finally:
        connection.close()


@contextmanager
def browsing(url: str, path: str, **headers: str) -> Iterator[Browser]:
    with get(url, path, **headers) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Browser(response)


def publish(redis: Redis, ms: int, channel: str = "tags", skipped: int = 0, **more: str) -> None:
    note = ("skipped", skipped) if skipped else ()
    key, data = LIVE(plugin="trendings", channel=channel), json.dumps({"n": ms, **more})
    redis.execute_command("XADD", key, "MAXLEN", 5, f"{ms}-0", "d", data, *note)


def item(ms: int, channel: str = "tags") -> Event:
    return Event(f"trendings/{channel}", {"n": ms}, f"{ms}-0")


def test_items_of_all_channels_come_on_one_stream(site: SiteUnderTest, url: str) -> None:
    with browsing(url, EVENTS + "&last=0-0") as browser:
        publish(site.redis, 1)
        assert browser.next() == item(1)
        publish(site.redis, 2, "events")
        assert browser.next() == item(2, "events")


def test_a_browser_that_comes_back_gets_what_it_missed(site: SiteUnderTest, url: str) -> None:
    for ms in (1, 2, 3):
        publish(site.redis, ms)
    with browsing(url, TAGS, Last_Event_ID="1-0") as browser:
        assert [browser.next(), browser.next()] == [item(2), item(3)]
    with browsing(url, TAGS + "&last=2-0&replay=1", Last_Event_ID="1-0") as browser:
        assert [browser.next(), browser.next()] == [item(2), item(3)]
    with browsing(url, TAGS + "&last=2-0") as browser:
        assert browser.next() == item(3)


def test_a_browser_that_comes_back_too_late_is_told(site: SiteUnderTest) -> None:
    for ms in range(1, 10):
        publish(site.redis, ms)
    with serving(site.site, site.url) as url, browsing(url, TAGS, Last_Event_ID="1-0") as browser:
        gap = Event("watchfloor/gap", {"channel": "trendings/tags", "missed": "some"})
        assert [browser.next() for _ in range(6)] == [gap, *(item(ms) for ms in range(5, 10))]


def test_a_new_browser_gets_the_replay(site: SiteUnderTest) -> None:
    for ms in (1, 2, 3):
        publish(site.redis, ms)
    with serving(site.site, site.url) as url:
        with browsing(url, TAGS) as browser:
            assert browser.next() == item(3)
            assert browser.lines[0] == "retry: 1000\n"
        with browsing(url, TAGS + "&last=3-0&replay=1") as browser:
            assert browser.next() == item(3)


def test_items_left_out_are_counted(site: SiteUnderTest, url: str) -> None:
    publish(site.redis, 7, skipped=41)
    with browsing(url, TAGS + "&last=0-0") as browser:
        assert browser.next() == Event("watchfloor/skipped", {"channel": "trendings/tags", "count": 41})
        assert browser.next() == item(7)


def test_an_idle_stream_has_a_heartbeat(site: SiteUnderTest, url: str) -> None:
    with browsing(url, TAGS) as browser:
        lines = [browser.response.readline() for _ in range(6)]
        assert lines == [b"retry: 1000\n", b"\n", b":\n", b"\n", b":\n", b"\n"]


def test_a_browser_that_does_not_read_gets_the_newest_and_a_count(make_site: SiteMaker) -> None:
    site = make_site({"trendings": {}}, live={"queue": 3})
    with serving(site.site, site.url) as url, socket.socket() as slow, browsing(url, TAGS) as quick:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((urlsplit(url).hostname, urlsplit(url).port))
        slow.sendall(f"GET {TAGS} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        slow.settimeout(10)
        assert b"200 OK" in slow.recv(4096)
        for ms in range(1, 101):
            publish(site.redis, ms, padding="x" * 100_000)
            assert quick.next() is not None
        received = b""
        while b"id: 100-0" not in received:
            received += slow.recv(1 << 20)
    assert b"event: watchfloor/dropped" in received
    kept = [int(number) for number in re.findall(rb"id: (\d+)-0", received)]
    assert kept == sorted(kept)
    assert kept[-3:] == [98, 99, 100]
    told = sum(int(count) for count in re.findall(rb'{"count":(\d+)}', received))
    assert len(kept) + told == 100


def test_a_stream_can_be_asked_about(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("HEAD", TAGS)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.close()


def test_a_stream_ends_with_the_server(site: SiteUnderTest) -> None:
    began = 0.0
    with serving(site.site, site.url) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", TAGS)
        response = connection.getresponse()
        response.readline()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert Browser(response).next() is None
    response.close()
    connection.close()


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/live", 400, "name the channels: /live?channels=... (known: trendings/events,"),
        ("/live?channels=,", 400, "name the channels"),
        (
            "/live?channels=trendings/tags,x/y",
            404,
            "there is no live channel 'x/y' (known: trendings/events,",
        ),
        ("/live?channels=trendings/tags&last=x", 400, "'x' is not the id of a live item"),
    ],
)
def test_a_stream_that_there_is_not_is_explained(url: str, path: str, status: int, text: str) -> None:
    with get(url, path) as response:
        assert response.status == status
        assert text in response.read().decode()


def test_the_stream_carries_the_headers_of_every_page(url: str) -> None:
    with get(url, TAGS) as response:
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
