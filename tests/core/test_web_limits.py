"""What a request may be and ask for: sizes, streams, compression."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from watchfloor.testing import until
from watchfloor.web.headers import HEADERS
from watchfloor.web.intake import ADDRESS
from watchfloor.web.intake import HEADERS as HEADER_BYTES
from watchfloor.web.protocol import HEAD
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

PLUGIN = """
import asyncio
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from watchfloor import Channel, LargeRoute, Panel, View, hookimpl

RUNNING = [0, 0]


async def busy(ask):
    RUNNING[0] += 1
    RUNNING[1] = max(RUNNING)
    await asyncio.sleep(0.05)
    RUNNING[0] -= 1
    return View()

@hookimpl
def panels():
    return [Panel("busy", "Busy", busy)]

async def size(request):
    return JSONResponse({"size": len(await request.body())})

async def deaf(request):
    return PlainTextResponse("not read")

@hookimpl
def routes():
    return [
        Route("/size", size, methods=["GET", "POST"]),
        Route("/deaf", deaf, methods=["POST"]),
        LargeRoute("/large/{name}", size, most=5000),
    ]

@hookimpl
def live_channels():
    return [Channel("items")]
"""
MOST = 1000


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    (tmp_path / "echo_limits.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {"echo": EntryPoint("echo", "echo_limits", "watchfloor.plugins")}
    sys.modules.pop("echo_limits", None)


@pytest.fixture
def site(make_site: SiteMaker, echo: dict[str, EntryPoint]) -> SiteUnderTest:
    return make_site({"echo": {}}, echo, web={"max_body": MOST, "streams_per_client": 3})


@pytest.fixture
def url(site: SiteUnderTest) -> Iterator[str]:
    with serving(site.site, site.url) as url:
        yield url


@pytest.fixture
def browser(site: SiteUnderTest) -> Iterator[TestClient]:
    with TestClient(site.app(), raise_server_exceptions=False) as client:
        yield client


class Stream:
    """A browser on the live stream, closed with the block."""

    def __init__(self, url: str, source: str = "127.0.0.1", channel: str = "echo/items") -> None:
        self._connection = http.client.HTTPConnection(
            urlsplit(url).netloc, timeout=10, source_address=(source, 0)
        )
        self._path = f"/live?channels={channel}"

    def __enter__(self) -> http.client.HTTPResponse:
        self._connection.request("GET", self._path, headers={"accept-encoding": "gzip"})
        return self._connection.getresponse()

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def problem(status: int, body: bytes) -> str:
    told = json.loads(body)
    assert told["status"] == status
    return str(told["detail"])


def test_a_body_up_to_the_limit_is_taken(browser: TestClient) -> None:
    assert browser.post("/echo/size", content=MOST * b"x").json() == {"size": MOST}
    assert browser.post("/echo/size", content=iter([b"x"] * MOST)).json() == {"size": MOST}


def test_a_body_that_says_it_is_larger_is_refused_unread(browser: TestClient) -> None:
    answer = browser.post("/echo/deaf", content=(MOST + 1) * b"x")
    assert problem(413, answer.content) == "A body may have 1000 bytes: send less, or raise web.max_body."
    assert answer.headers["connection"] == "close"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_route_has_a_limit_of_its_own(browser: TestClient) -> None:
    for body in (5000 * b"x", iter([b"x"] * 5000)):
        assert browser.post("/echo/large/one", content=body).json() == {"size": 5000}
    for body in (5001 * b"x", iter([b"x"] * 5001)):
        answer = browser.post("/echo/large/one", content=body, headers={"accept": "application/json"})
        assert problem(413, answer.content) == "A body may have 5000 bytes: send less at a time."
    assert browser.post("/echo/large/", content=5000 * b"x").status_code == 413


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_that_turns_out_larger_is_refused(browser: TestClient, method: str) -> None:
    parts = iter([b"x" * 300] * 4)
    answer = browser.request(method, "/echo/size", content=parts, headers={"accept": "application/json"})
    assert "1000 bytes" in problem(413, answer.content)


def test_a_chunked_body_that_goes_on_ends_the_connection(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(b"POST /echo/size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"200\r\n" + 512 * b"x" + b"\r\n"
        connection.sendall(3 * chunk)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/?tag={ADDRESS * 'x'}", {}, 414),
        (f"/{ADDRESS * 'x'}", {}, 414),
        ("/", {"x-large": HEADER_BYTES * "x"}, 431),
        ("/live?channels=" + ADDRESS * "x", {}, 414),
    ],
)
def test_an_address_and_headers_have_an_end(
    browser: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = browser.get(path, headers=headers)
    assert "may have" in problem(status, answer.content)


@pytest.mark.parametrize(
    ("head", "more"),
    [(b"GET /?x=", b"x"), (b"GET / HTTP/1.1\r\nX: ", b"x"), (b"GET / HTTP/1.1\r\n", b"X: y\r\n")],
)
def test_a_head_without_an_end_ends_the_connection(url: str, head: bytes, more: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(head + (HEAD // len(more) + 1000) * more)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_request_after_another_may_be_as_long(url: str) -> None:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        for _ in range(2 * HEAD // ADDRESS):
            connection.request("GET", f"/health?{'x' * 4000}", headers={"x": "y" * 4000})
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')


def test_streams_of_one_address_are_limited_and_others_are_not(url: str) -> None:
    with ExitStack() as stack:
        assert [stack.enter_context(Stream(url)).status for _ in range(3)] == [200, 200, 200]
        with Stream(url) as refused:
            assert refused.status == 429
            assert refused.headers["retry-after"] == "30"
            assert refused.headers["content-type"] == "application/problem+json"
            assert "3 live streams are open from this address" in problem(429, refused.read())
        assert stack.enter_context(Stream(url, "127.0.0.2")).status == 200

    def opened() -> bool:
        with Stream(url) as again:
            return again.status == 200

    until(opened, "a stream after the others closed")


def test_a_stream_that_is_refused_is_not_held_against_its_address(url: str) -> None:
    for _ in range(5):
        with Stream(url, channel="none/such") as refused:
            assert refused.status == 404
    with Stream(url) as stream:
        assert stream.status == 200


@pytest.mark.parametrize("path", ["/", "/status", "/static/js/live.js", "/metrics", "/api/v1/panels"])
def test_answers_are_compressed_for_who_takes_that(browser: TestClient, path: str) -> None:
    assert browser.get(path, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in browser.get(path, headers={"accept-encoding": "identity"}).headers


def test_the_live_stream_is_not_compressed(url: str) -> None:
    with Stream(url) as stream:
        assert stream.read1(100).startswith(b"retry: 1000")
        assert stream.headers["content-encoding"] is None


def test_a_page_that_crashes_has_the_headers_of_every_page(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise KeyError("x")

    monkeypatch.setattr("watchfloor.web.home.examine", broken)
    answer = browser.get("/status")
    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert 'watchfloor_web_requests_total{route="page",status="500"} 1.0' in browser.get("/metrics").text


def test_only_so_many_panels_of_a_plugin_are_worked_out_at_a_time(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchfloor.web.app.AT_ONCE", 2)
    with serving(site.site, site.url) as url, ThreadPoolExecutor(8) as pool:

        def asked(days: int) -> int:
            with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
                connection.request("GET", f"/api/v1/panels/echo/busy?last={days}d")
                return connection.getresponse().status

        assert list(pool.map(asked, range(1, 9))) == [200] * 8
    assert sys.modules["echo_limits"].RUNNING == [0, 2]
