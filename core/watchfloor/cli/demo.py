"""`demo`: everything, with a simulated MISP that has a week behind it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import click

from watchfloor.cli.context import EMBEDDED, Console
from watchfloor.cli.progress import bar
from watchfloor.cli.replay import feed_in
from watchfloor.cli.roles import ROLES, announce, supervise, wait_for_web, web_options
from watchfloor.errors import WatchfloorError
from watchfloor.simulate import Publisher, World, history, live, play
from watchfloor.store import maintenance
from watchfloor.store.keys import DEMO
from watchfloor.store.lease import holder_of
from watchfloor.supervise import stopping
from watchfloor.web.address import url_of

log = logging.getLogger(__name__)
FEED = "demo"


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed shows the same.")
@click.option("--rate", type=click.FloatRange(0.1), default=5.0, show_default=True, help="Messages a second.")
@click.option("--days", type=click.IntRange(0, 60), default=7, show_default=True, help="Days of history.")
@click.option("--messages", type=click.IntRange(0), default=40_000, show_default=True, help="And how much.")
@click.option("--host", help="Where to serve the pages; else web.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port of the pages; else web.port.")
@click.pass_obj
def demo(
    console: Console, seed: int, rate: float, days: int, messages: int, host: str | None, port: int | None
) -> None:
    """Show everything with a simulated MISP: history, then live.

    The data is invented, marked on every page, and made anew at each start: a week of it first. It is kept
    apart from yours, in demo/ of the data folder.
    """
    web_options(console, host, port)
    _set_up(console)
    console.log("demo")
    with stopping() as stop:
        supervisor = supervise(console)
        _make_room(console)
        world = World(seed)
        try:
            _replay_history(console, world, days, messages, stop)
            supervisor.start(*ROLES)
            announce(console)
            _tell(console)
            with _simulated(world, console.settings.feeds[0].url, rate):
                if wait_for_web(console, supervisor, stop):
                    log.info("ready: the messages are invented, and every page says so; Ctrl-C stops")
                supervisor.watch(stop)
        finally:
            supervisor.stop()


def _set_up(console: Console) -> None:
    """The demo's own folder and feed, whatever the configuration says."""
    if console.settings.redis.url == EMBEDDED:
        console.override(f"data={Path(console.settings.data) / 'demo'}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    console.override(f"feeds=[{{name: {FEED}, url: 'tcp://127.0.0.1:{port}'}}]")
    for plugin in console.site.plugins:
        if plugin.demo.defaults:
            console.override(f"plugins.{plugin.name}={{}}")


def _make_room(console: Console) -> None:
    """Remove what an earlier demo left; refuse to touch anything else."""
    redis, families = console.redis, console.site.families
    if holder := holder_of(redis, "worker"):
        raise WatchfloorError(f"a worker is running on this Redis ({holder}): stop it first")
    if not redis.get(DEMO()) and any(found.family for found in maintenance.scan(redis, families)):
        raise WatchfloorError(
            "this Redis holds real data, which a demo would spoil: set redis.url to another, or 'embedded'"
        )
    maintenance.clean(redis, families)
    redis.set(DEMO(), "1")


def _replay_history(console: Console, world: World, days: int, count: int, stop: threading.Event) -> None:
    if not (days and count):
        return
    began = time.monotonic()
    with bar("a week of history" if days == 7 else f"{days} days of history", count) as progress:
        past = history(world, end=time.time(), days=days, count=count)
        past = takewhile(lambda _: not stop.is_set(), past)
        total = feed_in(console, FEED, past, progress)
    log.info("history: %s messages of %d days in %.1f s", f"{total:,}", days, time.monotonic() - began)


def _tell(console: Console) -> None:
    """What plugins have to say to who started the demo."""
    web = console.settings.web
    url = url_of(web.host, web.port)
    for plugin in console.site.plugins:
        for sentence in plugin.demo.function(console, url):
            log.info("%s: %s", plugin.name, sentence)


@contextmanager
def _simulated(world: World, url: str, rate: float) -> Iterator[None]:
    """A publisher in a thread of its own, which goes on with the world where its history ended."""
    stop = threading.Event()

    def publish() -> None:
        with Publisher(url) as publisher:
            while not stop.is_set() and not publisher.wait_for_subscriber(0.5):
                pass
            play(publisher, live(world, start=time.time(), rate=rate), stop)

    thread = threading.Thread(target=publish, name="simulated MISP")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


COMMANDS = (demo,)
