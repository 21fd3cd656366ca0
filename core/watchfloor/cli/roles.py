"""`run`, and the roles it is made of: `subscribe`, `work`, `serve`."""

from __future__ import annotations

import gc
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import click
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from watchfloor import __version__
from watchfloor.cli.context import Console
from watchfloor.errors import StoreError, WatchfloorError
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import DEMO
from watchfloor.subscriber import listener
from watchfloor.supervise import Supervisor, stopping
from watchfloor.web.address import claim, local_host, url_of

log = logging.getLogger(__name__)
_LOOK_EVERY = 0.5
_LATER = 10.0  # seconds before a server that cannot start is tried again
ROLES = ("subscribe", "work", "serve")


@click.command()
@click.option("--host", help="Where to serve the pages; else web.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port of the pages; else web.port.")
@click.pass_obj
def run(console: Console, host: str | None, port: int | None) -> None:
    """Run everything: listen, work off messages, serve the pages."""
    web_options(console, host, port)
    console.log("run")
    began = time.monotonic()
    with stopping() as stop:
        supervisor = supervise(console)
        refuse_demo(console)
        try:
            supervisor.start(*ROLES)
            announce(console)
            if wait_for_web(console, supervisor, stop):
                log.info("ready after %.1f s; Ctrl-C stops", time.monotonic() - began)
            supervisor.watch(stop)
            log.info("stopping")
        finally:
            supervisor.stop()


def web_options(console: Console, host: str | None, port: int | None) -> None:
    """Options of the command line that are settings."""
    for path, value in {"web.host": host, "web.port": port}.items():
        if value is not None:
            console.override(f"{path}={value}")


def try_address(console: Console) -> None:
    """Find out before anything is started that the pages could not be served; port 0 becomes a free one."""
    web = console.settings.web
    with claim(web.host, web.port, anyone=web.allow_anonymous) as listener:
        if web.port == 0:
            console.override(f"web.port={listener.getsockname()[1]}")


def try_data(console: Console) -> None:
    """Find out that the roles could not write what they need on disk."""
    from watchfloor.worker.marker import Marker  # noqa: PLC0415

    Marker(Path(console.settings.data)).close()


def refuse_demo(console: Console) -> None:
    """Real messages must not mix with those of a demo."""
    if console.redis.get(DEMO()):
        raise WatchfloorError(
            "this Redis holds demo data: remove it with 'watchfloor clean', or set redis.url to another"
        )


def supervise(console: Console) -> Supervisor:
    """A supervisor whose roles use this Redis and keep the embedded server alive.

    What would stop a role from starting is found here, faults of the configuration before all.
    """
    console.site.plugins  # noqa: B018 (asking for them loads them)
    for number, feed in enumerate(console.settings.feeds):
        listener.check(feed, f"feeds[{number}]")
    try_address(console)
    console.redis  # noqa: B018 (asking for it checks it)
    try_data(console)
    server = console.server
    return Supervisor(
        console.arguments(),
        {"WATCHFLOOR_REDIS__URL": console.url},
        server.ensure_alive if server else lambda: None,
    )


def announce(console: Console) -> None:
    """Say what was started, what it listens to and where to look."""
    settings = console.settings
    where = f"embedded, data in {console.server.folder}" if console.server else console.redis.where
    log.info(
        "Watchfloor %s, plugins: %s", __version__, ", ".join(p.name for p in console.site.plugins) or "none"
    )
    log.info("Redis: %s", where)
    for feed in settings.feeds:
        log.info("listening to %s at %s", feed.name, feed.url)
    if not settings.feeds:
        log.warning("no feed is configured: nothing will arrive")
    log.info("pages: %s/", url_of(settings.web.host, settings.web.port))


def wait_for_web(console: Console, supervisor: Supervisor, stop: Event, seconds: float = 20.0) -> bool:
    """Whether the pages answer, looking after the roles meanwhile."""
    web = console.settings.web
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stop.is_set():
        supervisor.tick()
        try:
            with socket.create_connection((local_host(web.host), web.port), timeout=1):
                return True
        except OSError:
            stop.wait(0.05)
    return False


def look_at_redis(console: Console) -> None:
    """Refuse a Redis that would lose data; one that is away now is waited for by the role itself."""
    try:
        console.redis  # noqa: B018 (asking for it checks it)
    except StoreError as error:
        if not isinstance(error.__cause__, RedisConnectionError | RedisTimeoutError) or isinstance(
            error.__cause__, AuthenticationError
        ):
            raise
        log.warning("%s", error)


@contextmanager
def keeping_redis(console: Console, stop: Event) -> Iterator[None]:
    """Keep the embedded server alive while a role runs by itself; under `run` the supervisor does."""
    if console.server is None:
        yield
        return
    thread = Thread(target=_keep, args=(console.server, stop), name="redis")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep(server: EmbeddedServer, stop: Event) -> None:
    # Whoever starts it, of several roles: the lock of its folder sees to it that one does.
    while not stop.wait(_LOOK_EVERY):
        try:
            server.ensure_alive()
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 (a sentence for people)
            stop.wait(_LATER)


@click.command()
@click.pass_obj
def subscribe(console: Console) -> None:
    """Listen to the feeds, and keep messages for the worker."""
    from watchfloor.subscriber import Subscriber  # noqa: PLC0415 (each role loads what it needs)

    console.log("subscribe")
    look_at_redis(console)
    with stopping() as stop, keeping_redis(console, stop):
        Subscriber(console.settings, console.url).run(stop)


@click.command()
@click.option(
    "--drain", is_flag=True, help="Work off what is there, say what was done and how fast, and stop."
)
@click.pass_obj
def work(console: Console, drain: bool) -> None:
    """Work off messages: the one worker, or its standby."""
    from watchfloor.worker.loop import Worker  # noqa: PLC0415

    console.log("work")
    if drain:
        console.redis.ping()
    else:
        look_at_redis(console)
    with stopping() as stop, keeping_redis(console, stop):
        worker = Worker(console.site, console.url, watch=not drain)
        gc.freeze()  # as in the web process: what a site is made of is no garbage
        began = time.monotonic()
        worker.run(stop, drain=drain)
    if drain:
        seconds = time.monotonic() - began
        click.echo(
            f"{worker.done:,} messages in {seconds:.1f} s ({worker.done / max(seconds, 1e-9):,.0f} a second)"
        )


@click.command()
@click.option("--host", help="Where to serve; else web.host.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; else web.port.")
@click.pass_obj
def serve(console: Console, host: str | None, port: int | None) -> None:
    """Serve the pages and the live stream to browsers."""
    from watchfloor.web.server import serve as serve_site  # noqa: PLC0415

    web_options(console, host, port)
    console.log("serve")
    with stopping() as stop, keeping_redis(console, stop):
        web = console.settings.web
        serve_site(console.site, console.url, web.host, web.port, stop=stop)


COMMANDS = (run, subscribe, work, serve)
