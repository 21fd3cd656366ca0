"""Chromium, and a site whose one plugin counts: nothing of it may break the policy or ask another host."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from watchfloor.contracts import Keys
from watchfloor.simulate import World, history
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import DEMO, FEED_STATS, LIVE, LIVE_LAST
from watchfloor.store.streams import Appender
from watchfloor.testing import making_sites
from watchfloor.web.server import serving

if TYPE_CHECKING:
    from watchfloor.testing import SiteMaker, SiteUnderTest

# The first are Playwright's own, whose list this one replaces. The others would draw two pages that nobody
# sees beside each of ours, and start a process that may be wanted later: more work than the page itself.
DISABLED = """
AvoidCorsURLLoaderRestartOnRedirect AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose
HttpsFirstBalancedModeAutoEnable HttpsUpgrades LensOverlay MediaRouter NetworkTimeServiceQuerying
OptimizationHints PaintHolding PreconnectToSearch ThirdPartyStoragePartitioning AimEnabled
WebUIOmniboxPopup WebUIOmniboxAimPopup SpareRendererForSitePerProcess
"""
# The page of the hash store is held to the same invented values as its Python.
sys.path.insert(0, str(Path(__file__).parent.parent / "hashstore" / "kit"))

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(DISABLED.split())}",
]
TOTAL = Keys("tally:total", "string", "how many items there were")
PLUGIN = """
from starlette.routing import Route

from watchfloor import Channel, Keys, NavItem, Panel, View, hookimpl, page

TOTAL = Keys("tally:total", "string", "how many items there were")
CHANNEL = Channel("counts")
LATEST = Channel("latest", replay=2)


async def total(ask):
    count = int(await ask.redis.get(TOTAL()) or 0)
    return View(context={"total": count})


async def index(request):
    return await page(request, "Tally", ["tally/scripted"])


@hookimpl
def redis_keys():
    return [TOTAL]

@hookimpl
def live_channels():
    return [CHANNEL, LATEST]

@hookimpl
def panels():
    return [
        Panel("total", "Total <i>", total, template="total.html", channel=CHANNEL),
        Panel("scripted", "Scripted", total, template="scripted.html", channel=CHANNEL),
        Panel("latest", "Latest", total, template="latest.html", channel=LATEST),
    ]

@hookimpl
def navigation():
    return [NavItem("Tally")]

@hookimpl
def routes():
    return [Route("/", index)]
"""
SCRIPT = """
document.addEventListener("watchfloor:item", (event) => {
  const { channel, item, replayed } = event.detail;
  const list = event.target.querySelector("ol");
  if (!list) return;
  event.preventDefault();
  if (replayed && channel === "tally/counts") return;
  const entry = document.createElement("li");
  entry.textContent = String(item.n) + (replayed ? " (old)" : "");
  list.append(entry);
});
"""
FILES = {
    "__init__.py": PLUGIN,
    "templates/total.html": '<p id="total">{{ total }}</p>',
    "templates/scripted.html": '<p>since {{ total }}</p><ol id="seen"></ol>',
    "templates/latest.html": '<ol id="latest"></ol>',
    "static/tally.js": SCRIPT,
}


@dataclass
class Tally:
    """The site, and what happens on it."""

    site: SiteUnderTest
    count: int = 0

    def add(self, items: int = 1) -> None:
        """Count items, each in one transaction with its live item, as the worker does."""
        for _ in range(items):
            self.count += 1
            self._publish("counts", self.count, "INCR", TOTAL())

    def announce(self, number: int) -> None:
        """Publish on the channel that replays."""
        self.count += 1
        self._publish("latest", number)

    def _publish(self, channel: str, number: int, *command: Any) -> None:
        entry, data = f"{self.count}-0", json.dumps({"n": number})
        with self.site.redis.pipeline(transaction=True) as pipe:
            if command:
                pipe.execute_command(*command)
            key = LIVE(plugin="tally", channel=channel)
            pipe.execute_command("XADD", key, "MAXLEN", 50, entry, "d", data)
            pipe.set(LIVE_LAST(), entry)
            pipe.execute()


@pytest.fixture
def tally(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tally]:
    for name, text in FILES.items():
        path = tmp_path / "tally_plugin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = {"tally": EntryPoint("tally", "tally_plugin", "watchfloor.plugins")}
    feeds = [{"name": "misp-main", "url": "tcp://192.0.2.1:50000"}]
    yield Tally(make_site({"tally": {}}, points, feeds=feeds, live={"history": 50}))
    sys.modules.pop("tally_plugin", None)


FEED = "misp-main"


@pytest.fixture(scope="session")
def busy_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A site with the first-party plugins, two feeds, and two days of an invented MISP behind it.

    It has a Redis of its own and lasts as long as the run: tests look at it and change nothing.
    """
    feeds = [{"name": name, "url": "tcp://192.0.2.1:50000"} for name in (FEED, "misp-partner")]
    folder = tmp_path_factory.mktemp("busy")
    with EmbeddedServer(folder / "redis") as server, making_sites(server, folder) as make:
        site = make({"activity": {}, "trendings": {}, "hashstore": {}}, feeds=feeds)
        past = history(World(1), end=time.time(), days=2, count=1200)
        with Appender(site.redis, FEED, 10) as appender:
            appender.append([(message.frame, message.time) for message in past])
        site.work()
        site.redis.set(DEMO(), "1")
        yield site


@pytest.fixture(scope="module")
def busy_web(busy_site: SiteUnderTest) -> Iterator[str]:
    """The address at which the busy site is served."""
    with serving(busy_site.site, busy_site.url) as url:
        yield url


@pytest.fixture
def busy(busy_site: SiteUnderTest, busy_web: str) -> str:
    """The busy site's address; one of its feeds is alive just now, and the other one has been quiet."""
    redis, now = busy_site.redis, time.time()
    told = {"connection": "connected", "listening": now + 60, "since": now, "messages": 1200,
            "received:misp_json_attribute": 1200}  # fmt: skip
    redis.hset(FEED_STATS(feed=FEED), mapping={**told, "last_seen": now})
    quiet = {"last_seen": now - 180, "since": now - 600}
    redis.hset(FEED_STATS(feed="misp-partner"), mapping={**told, **quiet})
    return busy_web


# One a module: Playwright keeps an event loop in this thread, where other tests want their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page must not do: anything here fails the test."""

    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.hear(message.type, message.text))

    def hear(self, kind: str, text: str) -> None:
        # A stream that breaks off is the browser's to report, and the page's to mend.
        if kind == "error" and "Failed to load resource" not in text:
            self.errors.append(text)


AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RUN = "axe.run({ resultTypes: ['violations'] }).then((result) => result.violations)"
SERIOUS = ("serious", "critical")
STILL = """() => !document.querySelector("figure.chart:not([data-drawn], [data-failed])")
  && !document.getAnimations().length"""


@pytest.fixture(scope="session")
def problems() -> Callable[[Page], list[str]]:
    """What axe finds serious on a page: rule, help and the elements that it names."""
    if not AXE.is_file():
        pytest.fail("axe-core is not there: run 'make test', or 'python scripts/browser_tools.py' once")
    axe = AXE.read_text()

    def find(page: Page) -> list[str]:
        # A chart that is not drawn yet, and what still fades in, are not what people get to see.
        page.emulate_media(reduced_motion="reduce")
        page.wait_for_function(STILL)
        page.evaluate(axe)
        found: list[dict[str, Any]] = page.evaluate(RUN)
        return [
            f"{page.url}: {one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']][:3]}"
            for one in found
            if one["impact"] in SERIOUS
        ]

    return find


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(url, **context)` -> a page in a browser context of its own."""
    watch = Watch()
    contexts = []

    def open_url(url: str, **options: Any) -> Page:
        context = chromium.new_context(**options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        page.goto(url)
        return page

    yield open_url
    for context in contexts:
        context.close()
    assert watch.errors == []
    assert len(watch.hosts) <= 1
