#!/usr/bin/env python3
"""Take the pictures of README and docs: the demo at a fixed seed, in headless Chromium.

Usage: scripts/screenshots.py [FOLDER], by default docs/images. `make screenshots` runs it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SEED = 1
PATIENCE = 120.0  # seconds until the demo answers
ARRIVALS = 5000  # milliseconds that a page is left to live before its picture is taken
WALL, PHONE = {"width": 1920, "height": 1080}, {"width": 390, "height": 844}


class Picture(NamedTuple):
    """A picture: its file's name, the page, the theme, and the size of the screen."""

    name: str
    path: str
    theme: str
    screen: dict[str, int]


PICTURES = (
    Picture("live-dark", "/", "dark", WALL),
    Picture("live-light", "/", "light", WALL),
    Picture("live-phone", "/", "dark", PHONE),
    Picture("trendings-dark", "/trendings/", "dark", WALL),
    Picture("health-light", "/status", "light", WALL),
)


def main() -> None:
    """Take them all."""
    root = Path(__file__).resolve().parent.parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, url, picture, folder / f"{picture.name}.png")
            print(folder / f"{picture.name}.png")
        browser.close()


@contextmanager
def demo() -> Iterator[str]:
    """The demo with data of its own; gives its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "watchfloor", "--set", f"data={data}", "demo", "--seed", str(SEED)]
        with subprocess.Popen([*command, "--port", str(port)]) as process:
            try:
                wait(f"http://127.0.0.1:{port}/", process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def wait(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until a page answers; the program ends with a sentence when it never does."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit(f"the demo did not answer at {url}: see what it printed")


def take(browser: Browser, url: str, picture: Picture, file: Path) -> None:
    """One picture, of a page that is live."""
    context = browser.new_context(viewport=picture.screen, reduced_motion="reduce")  # type: ignore[arg-type]
    page: Page = context.new_page()
    page.goto(f"{url}{picture.path}?theme={picture.theme}")
    page.locator('#connection[data-state="live"]').wait_for(state="attached")
    page.wait_for_timeout(ARRIVALS)
    page.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    main()
