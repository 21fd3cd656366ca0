"""Pages in Chromium: how soon they show something, what a browser fetches, and its memory over a shift."""

from __future__ import annotations

import gzip
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.common import Bench, Row, answers, bench, free_port, messages, until, watchfloor
from watchfloor.simulate import Message
from watchfloor.store.keys import WORKER_STATS
from watchfloor.store.streams import Appender
from watchfloor.web.static import CORE

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
VENDOR = CORE / "vendor"
PATHS = ("/", "/trendings/")
LOADS = 7
HISTORY = 30_000  # messages of a week
HOURS = 8
SPEED = 240  # times as fast as it is, as the page's clocks tell it
RATE = 40  # messages a second, by the clock on the wall
WARM = 30  # seconds until the first look at the memory: lists are full by then
FASTER = f"""
const [later, often, now] = [setTimeout, setInterval, performance.now.bind(performance)];
window.setTimeout = (work, delay = 0, ...rest) => later(work, delay / {SPEED}, ...rest);
window.setInterval = (work, delay = 0, ...rest) => often(work, delay / {SPEED}, ...rest);
performance.now = () => now() * {SPEED};
window.fetched = window.items = 0;
document.addEventListener("watchfloor:refreshed", () => {{ window.fetched += 1; }});
document.addEventListener("watchfloor:item", () => {{ window.items += 1; }});
"""


class Load(NamedTuple):
    """When the answer of a page's server began, and when something was seen: ms since it was asked for."""

    answer: float
    paint: float


class Look(NamedTuple):
    """A page's memory after its garbage was collected: bytes of JavaScript, and nodes of documents."""

    heap: int
    nodes: int


def run() -> list[Row]:
    """Rows on first paint, on what is fetched, and on memory."""
    with bench() as site, _served(site) as url, _chromium() as browser:
        paints = [_paint_row(browser, f"{url}{path}", path) for path in PATHS]
        return [*paints, _vendor_row(), _shift_row(site, browser, url)]


@contextmanager
def _served(site: Bench) -> Iterator[str]:
    """A site whose store is filled and whose worker works on."""
    port = free_port()
    with watchfloor(*site.options, "work"), watchfloor(*site.options, "serve", "--port", str(port)):
        _append(site, messages(HISTORY))
        until(lambda: int(site.redis.hget(WORKER_STATS(), "messages") or 0) >= HISTORY * 0.9)
        until(lambda: answers(port))
        yield f"http://127.0.0.1:{port}"


def _append(site: Bench, past: list[Message]) -> None:
    with Appender(site.redis, "bench", 6.0) as appender:
        for start in range(0, len(past), 500):
            appender.append([(m.frame, m.time) for m in past[start : start + 500]])


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


# --- first paint ---------------------------------------------------------------------------------


def _paint_row(browser: Browser, url: str, path: str) -> Row:
    loads = [_load(browser, url) for _ in range(LOADS)]
    paints = sorted(load.paint for load in loads)
    answer = statistics.median(load.answer for load in loads)
    between = f"{LOADS} loads with an empty cache: {paints[0]:.0f} to {paints[-1]:.0f} ms"
    note = f"{between}; the server's answer began after {answer:.0f} ms"
    return Row(f"first contentful paint of {path}", f"{statistics.median(paints):.0f} ms", note)


def _load(browser: Browser, url: str) -> Load:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(url)
    entry = "performance.getEntriesByName('first-contentful-paint')[0]"
    # Not wait_for_function: in the page, where the policy forbids it, that would evaluate a text.
    until(lambda: page.evaluate(f"{entry} !== undefined"))
    answer = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    found = Load(float(answer), float(page.evaluate(f"{entry}.startTime")))
    context.close()
    return found


def _vendor_row() -> Row:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in VENDOR.iterdir()}
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
    return Row(
        "vendor payload, gzip",
        f"{sum(sizes.values()) / 1000:.0f} kB",
        ", ".join(f"{name} {sizes[name] / 1000:.0f}" for name in largest),
    )


# --- memory --------------------------------------------------------------------------------------


def _shift_row(site: Bench, browser: Browser, url: str) -> Row:
    """A page on which something is always new, for as long as a shift, with its clocks running faster."""
    page = browser.new_page()
    page.add_init_script(FASTER)
    page.goto(url)
    session = page.context.new_cdp_session(page)
    half = HOURS * 3600 / SPEED / 2
    with _busy(site):
        page.wait_for_timeout(WARM * 1000)
        looks = [_look(session)]
        for _ in range(2):
            page.wait_for_timeout(half * 1000)
            looks.append(_look(session))
    done = f"{_count(page, 'fetched'):,} fetches of cards, {_count(page, 'items'):,} live items to cards"
    heaps = ", ".join(f"{look.heap / 2**20:.1f}" for look in looks)
    nodes = ", ".join(f"{look.nodes:,}" for look in looks)
    note = f"at start, half and end of {HOURS} h in {2 * half:.0f} s; nodes {nodes}; {done}"
    return Row("memory of an open page", f"{heaps} MiB", note)


@contextmanager
def _busy(site: Bench) -> Iterator[None]:
    """Messages keep arriving."""
    stop = threading.Event()
    thread = threading.Thread(target=_send, args=(site, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _send(site: Bench, stop: threading.Event) -> None:
    for message in messages(HISTORY, seed=2):
        if stop.wait(1 / RATE):
            return
        _append(site, [Message(time.time(), message.topic, message.body)])


def _look(session: CDPSession) -> Look:
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return Look(int(heap), int(session.send("Memory.getDOMCounters")["nodes"]))


def _count(page: Page, name: str) -> int:
    return int(page.evaluate(f"window.{name}"))
