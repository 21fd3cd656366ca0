"""What plugins keep open: entered before their functions run, left with the process, once for all users."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from watchfloor.errors import PluginError
from watchfloor.plugins import GROUP
from watchfloor.testing import SiteMaker, SiteUnderTest

SOURCE = """
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from watchfloor import Panel, hookimpl

class Pool:
    def __init__(self, redis):
        self.redis, self.log, self.client = redis, [], None

    def __enter__(self):
        self.log.append("entered")
        {then}
        self.client = self.redis.connect()

    def __exit__(self, *_):
        self.client.close()
        self.log.append("left")

@hookimpl
def resources(settings, redis):
    return Pool(redis)

@hookimpl
def routes(resources):
    def ping(request):
        return PlainTextResponse(str(resources.client.ping()))

    return [Route("/ping", ping)]
"""
Make = Callable[..., SiteUnderTest]


@pytest.fixture
def make(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A site whose plugin keeps a connection open."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(then: str = "pass") -> SiteUnderTest:
        module = f"pool_{abs(hash(tmp_path))}"
        (tmp_path / f"{module}.py").write_text(SOURCE.format(then=then))
        return make_site(plugins={"pool": {}}, points={"pool": EntryPoint("pool", module, GROUP)})

    return make


def log_of(site: SiteUnderTest) -> list[str]:
    pool = site.site.plugins[0].resources
    return list(getattr(pool, "log", []))


def test_resources_are_open_while_the_web_serves(make: Make) -> None:
    site = make()
    assert log_of(site) == []
    with TestClient(site.app()) as browser:
        assert browser.get("/pool/ping").text == "True"
        assert log_of(site) == ["entered"]
    assert log_of(site) == ["entered", "left"]


def test_worker_and_web_of_one_process_share_them(make: Make) -> None:
    site = make()
    with TestClient(site.app()) as browser:
        site.work()
        assert browser.get("/pool/ping").text == "True"
    site.work()
    assert log_of(site) == ["entered", "left"] * 2


def test_the_one_that_cannot_be_opened_is_named(make: Make) -> None:
    with pytest.raises(PluginError, match="'pool': its resources cannot be opened: OSError: no such file"):
        make("raise OSError('no such file')").work()


def test_redis_is_not_there_before(make: Make) -> None:
    site = make()
    pool = site.site.plugins[0].resources
    with pytest.raises(RuntimeError, match="before its resources are entered"):
        pool.redis.connect()  # type: ignore[union-attr]
