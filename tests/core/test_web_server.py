"""Starting and stopping the server."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from watchfloor.errors import WatchfloorError
from watchfloor.testing import until
from watchfloor.web.address import claim, listen, url_of
from watchfloor.web.server import serve, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker, SiteUnderTest

SCRIPT = """
import sys
from watchfloor.config import Loaded, Settings
from watchfloor.site import Site
from watchfloor.web.server import serve

serve(Site.build(Loaded(Settings(plugins={}))), sys.argv[1], "127.0.0.1", int(sys.argv[2]))
print("ended in order")
"""


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    return make_site()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def get(url: str, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path, headers={"connection": "close"})
    return connection.getresponse()


def test_a_port_in_use_says_what_to_do(site: SiteUnderTest, taken: int) -> None:
    with pytest.raises(WatchfloorError) as raised:
        serve(site.site, site.url, "127.0.0.1", taken)
    assert str(raised.value) == (
        f"web.port {taken} is in use: stop the other program or choose another with --port"
    )


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("192.0.2.1", "web.host '192.0.2.1' is no address of this machine: choose another with --host"),
        ("no such host", "web.host 'no such host' is no address"),
    ],
)
def test_a_host_that_is_not_ours_says_what_to_do(site: SiteUnderTest, host: str, problem: str) -> None:
    with pytest.raises(WatchfloorError) as raised:
        serve(site.site, site.url, host, 0)
    assert str(raised.value).startswith(problem)


def test_an_address_that_others_reach_needs_a_word_that_they_may(make_site: SiteMaker) -> None:
    site = make_site()
    with pytest.raises(WatchfloorError, match="there is no login"):
        serve(site.site, site.url, "0.0.0.0", 0)
    for host in ("127.0.0.1", "localhost", "::1"):
        claim(host, 0, anyone=False).close()
    claim("0.0.0.0", 0, anyone=True).close()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://127.0.0.1:8001"),
        ("::1", "http://[::1]:8001"),
        ("::", "http://[::1]:8001"),
    ],
)
def test_the_url_can_be_opened_in_a_browser(host: str, url: str) -> None:
    assert url_of(host, 8001) == url


def test_an_event_stops_the_server(site: SiteUnderTest) -> None:
    with serving(site.site, site.url) as url, get(url, "/health") as response:
        assert response.status == 200
    with pytest.raises(ConnectionRefusedError):
        get(url, "/health")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order_with_streams_open(
    site: SiteUnderTest, tmp_path: Path, number: signal.Signals
) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    url = url_of("127.0.0.1", port)
    command = [sys.executable, "-c", SCRIPT, site.url, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path, text=True) as process:
        until(lambda: answers(url), "an answer of the server")
        with get(url, "/live?channels=watchfloor/feeds") as stream:
            assert stream.readline() == b"retry: 1000\n"
            began = time.monotonic()
            process.send_signal(number)
            output, _ = process.communicate(timeout=10)
            assert time.monotonic() - began < 2
    assert (output, process.returncode) == ("ended in order\n", 0)


def answers(url: str) -> bool:
    try:
        with get(url, "/health") as response:
            return response.status == 200
    except ConnectionRefusedError:
        return False


def test_a_request_that_hangs_does_not_hold_up_the_end(site: SiteUnderTest) -> None:
    with serving(site.site, site.url) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as half:
            half.sendall(b"GET / HTTP/1.1\r\n")
            with get(url, "/health") as response:
                assert response.status == 200
            began = time.monotonic()
    assert time.monotonic() - began < 2
    assert not any(thread.name == "web" for thread in threading.enumerate())
