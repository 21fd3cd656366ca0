"""Nobody chooses the address that it seems to come from, but for what trusted proxies say."""

from __future__ import annotations

import http.client
import sys
from contextlib import closing
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from watchfloor.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker

PLUGIN = """
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from watchfloor import hookimpl

async def who(request):
    return PlainTextResponse(f"{request.client.host} {request.url.scheme}")

@hookimpl
def routes():
    return [Route("/who", who)]
"""


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    (tmp_path / "who_asks.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {"who": EntryPoint("who", "who_asks", "watchfloor.plugins")}
    sys.modules.pop("who_asks", None)


def asked(url: str, source: str, **headers: str) -> str:
    """What a request from an address is taken to come from, and over what."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10, source_address=(source, 0))
    with closing(connection):
        connection.request("GET", "/who/who", headers={k.replace("_", "-"): v for k, v in headers.items()})
        return connection.getresponse().read().decode()


def test_nobody_is_believed_by_default(
    make_site: SiteMaker, points: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # which is uvicorn's, and not among the settings
    site = make_site({"who": {}}, points)
    with serving(site.site, site.url) as url:
        assert asked(url, "127.0.0.1") == "127.0.0.1 http"
        claimed = {
            "x_forwarded_for": "198.51.100.7",
            "x_forwarded_proto": "https",
            "x_real_ip": "198.51.100.7",
        }
        assert asked(url, "127.0.0.1", **claimed, forwarded="for=198.51.100.7") == "127.0.0.1 http"


def test_a_trusted_proxy_tells_who_asked_it(make_site: SiteMaker, points: dict[str, EntryPoint]) -> None:
    site = make_site(
        {"who": {}}, points, web={"trusted_proxies": ["127.0.0.1", "127.0.9.0/24", "2001:db8::/32"]}
    )
    with serving(site.site, site.url) as url:
        told = {"x_forwarded_for": "198.51.100.7", "x_forwarded_proto": "https"}
        assert asked(url, "127.0.0.1", **told) == "198.51.100.7 https"
        assert asked(url, "127.0.9.4", **told) == "198.51.100.7 https"
        assert asked(url, "127.0.0.2", **told) == "127.0.0.2 http"
        # What stood there before a proxy added to it was said by who knows whom.
        assert asked(url, "127.0.0.1", x_forwarded_for="192.0.2.1, 198.51.100.7") == "198.51.100.7 http"
        assert (
            asked(url, "127.0.0.1", x_forwarded_for="192.0.2.1, 198.51.100.7, 127.0.9.9")
            == "198.51.100.7 http"
        )
        assert asked(url, "127.0.0.1") == "127.0.0.1 http"
