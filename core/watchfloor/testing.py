"""Test kit for plugins: pytest fixtures that come with Watchfloor, and makers of activities.

`apply` runs a handler on activities, without any server. `make_site` makes a site with chosen plugins on a
private Redis of the test's own; `make_feed` one that listens to a real ZMQ socket to publish on. None of
them ever touches a server that it did not start.
"""

from __future__ import annotations

import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from watchfloor.contracts import Handler, Keys, RawHandler
from watchfloor.misp.activities import Activity, AttributeShared, EventShared
from watchfloor.misp.model import EVERYONE, Event, Message

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from starlette.applications import Starlette

    from watchfloor.site import Site
    from watchfloor.store.clients import Commands
    from watchfloor.store.embedded import EmbeddedServer

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
_PATIENCE = 10.0  # seconds that anything may take before a test fails


def event(**fields: Any) -> Event:
    """An event of an invented organisation, with these fields."""
    return Event(**{"id": "42", "uuid": "5c9e9b1e-7a6c-4c4e-9a0c-0a1b2c3d4e5f", "info": "Phishing, week 44",
                    "org": "Aurora CERT", "org_id": "2", "owner_id": "1", **fields})  # fmt: skip


def event_shared(**fields: Any) -> EventShared:
    """An event that was added and that everyone may see, with these fields."""
    return EventShared(**{**_told(), "event": event(), "action": "add", "levels": (("3", "0"),), **fields})


def attribute_shared(**fields: Any) -> AttributeShared:
    """An attribute that was added and that everyone may see, with these fields."""
    return AttributeShared(**{**_told(), "event": event(), "action": "add", "id": "1001", "type": "ip-dst",
                              "uuid": "0cda0c2f-3c87-40dd-bbc8-c8ea40057738", "category": "Network activity",
                              "value": "198.51.100.7", "levels": (("3", "0"), ("5", "0")),
                              **fields})  # fmt: skip


def message(topic: str, body: object) -> Message:
    """A message as a `RawHandler` gets it; `body` is what was sent as JSON."""
    return Message("test", topic, msgspec.json.encode(body), NOON.timestamp())


def _told() -> dict[str, Any]:
    return {"feed": "test", "received": NOON, "time": NOON, "audience": EVERYONE}


@dataclass(frozen=True)
class Applied:
    """What handlers wanted: Redis commands as tuples of text and numbers, live items, what they touched."""

    commands: list[tuple[Any, ...]]
    items: list[tuple[str, Any]]
    touched: set[str]


def apply(handler: Handler | RawHandler | Callable[..., None], *activities: Activity | Message) -> Applied:
    """Run a handler on activities, or messages, as the worker would for one batch, with nothing around it.

    Any key made by a family is accepted here; that it is the plugin's own is checked on a `site`.
    """
    from watchfloor.store.writes import Merged

    function: Any = handler.function if isinstance(handler, Handler | RawHandler) else handler
    recorder, merged = _anything(), Merged()
    for activity in activities:
        recorder.clear()
        function(activity, recorder)
        merged.add(recorder)
    return Applied(
        [tuple(_plain(part) for part in command) for _, command in merged.commands()],
        [(to, msgspec.json.decode(one)) for (_, to), items in merged.items.items() for one in items],
        {what for touched in merged.touched.values() for what in touched},
    )


def _plain(part: Any) -> Any:
    return part.decode() if isinstance(part, bytes) else str(part) if isinstance(part, str) else part


def _anything() -> Any:
    from watchfloor.store.writes import Recorder

    class Anything(Recorder):
        """Accepts every key and every channel."""

        def _record(self, kind: Any, verb: str, key: Any, *rest: Any, **named: Any) -> None:
            self._families[key.family.pattern] = key.family
            super()._record(kind, verb, key, *rest, **named)

        def publish(self, channel: Any, item: Mapping[str, object]) -> None:
            self._channels.add(channel.name)
            super().publish(channel, item)

    return Anything("test", {})


def until(condition: Callable[[], Any], what: str = "the condition", seconds: float = _PATIENCE) -> Any:
    """Wait until the condition is true and return what it gave; fail the test when it never is."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true within {seconds:g} s")
        time.sleep(0.01)
    return found


@dataclass
class SiteUnderTest:
    """A site on a Redis of its own; `redis` is a connection to it. As `obj` of click's CliRunner it is the
    `Terminal` that commands get.
    """

    site: Site = field(repr=False)
    url: str
    redis: Commands = field(repr=False)
    stack: ExitStack = field(repr=False)

    def work(self) -> int:
        """Work off all that has arrived; how many messages it was."""
        from watchfloor.worker.loop import Worker

        worker = Worker(self.site, self.url)
        worker.run(threading.Event(), drain=True)
        return worker.done

    def failures(self) -> list[str]:
        """What failed: `plugin: kind: error`, newest first."""
        from watchfloor.store import failures

        return [f"{f.plugin}: {f.kind}: {f.error}" for f in failures.read(self.redis)]

    def app(self) -> Starlette:
        """The web application, for starlette's TestClient."""
        from watchfloor.web.app import create_app

        return create_app(self.site, self.url)

    def page(self, path: str) -> str:
        """The text of a page. What a panel, a template or a route raises is raised here, not shown."""
        from starlette.testclient import TestClient

        errors, log = _Errors(), logging.getLogger("watchfloor.web.errors")
        log.addHandler(errors)
        try:
            with TestClient(self.app()) as browser:
                answer = browser.get(path)
        finally:
            log.removeHandler(errors)
        for error in errors.raised:
            raise error
        return answer.raise_for_status().text

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are cut."""
        return self.site.zone

    def listen(self) -> None:
        """Listen to the configured feeds until the test ends."""
        from watchfloor.subscriber import Subscriber

        stop = threading.Event()
        thread = threading.Thread(target=Subscriber(self.site.settings, self.url).run, args=(stop,))
        thread.start()
        self.stack.callback(thread.join)
        self.stack.callback(stop.set)

    def keys(self, family: Keys) -> list[str]:
        """The names of the keys of a family that exist."""
        from watchfloor.store.maintenance import scan

        pattern = family.pattern
        return sorted(
            f.name for f in scan(self.redis, self.site.families) if f.family and f.family.pattern == pattern
        )


class _Errors(logging.Handler):
    """Keeps what plugins raised in the web application, which answers in spite of it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.raised: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.raised.append(record.exc_info[1])


@dataclass
class FeedUnderTest:
    """A MISP's publisher of the test's own; `site` is what listens to it."""

    url: str
    site: SiteUnderTest
    _send: Callable[[bytes], None]

    def send(self, topic: str, body: object) -> None:
        """Publish a message; `body` is what MISP would send as JSON."""
        self._send(topic.encode() + b" " + msgspec.json.encode(body))

    def send_raw(self, frame: bytes) -> None:
        """Publish any bytes."""
        self._send(frame)

    def settle(self, messages: int) -> None:
        """Wait until that many messages in all arrived, and work them off."""
        from watchfloor.store.keys import FEED_STATS

        def arrived() -> bool:
            return int(self.site.redis.hget(FEED_STATS(feed="test"), "messages") or 0) >= messages

        until(arrived, f"the arrival of {messages} messages")
        self.site.work()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A private Redis server for the whole run: the embedded one, in a folder of its own."""
    from watchfloor.store.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


SiteMaker = Callable[..., SiteUnderTest]
FeedMaker = Callable[..., FeedUnderTest]


@pytest.fixture
def make_site(redis_server: EmbeddedServer, tmp_path: Path) -> Iterator[SiteMaker]:
    """`make_site(plugins={"hello": {}}, points=None, **settings)` -> a SiteUnderTest on an empty Redis."""
    with making_sites(redis_server, tmp_path) as make:
        yield make


@contextmanager
def making_sites(server: EmbeddedServer, data: Path) -> Iterator[SiteMaker]:
    """What `make_site` gives, on a server and with a folder that may outlive a test."""
    from watchfloor.config import Loaded, Settings, Sources, convert
    from watchfloor.site import Site
    from watchfloor.store.connect import connect

    with ExitStack() as stack:

        def make(
            plugins: Mapping[str, Mapping[str, Any]] | None = None,
            points: Mapping[str, EntryPoint] | None = None,
            **settings: Any,
        ) -> SiteUnderTest:
            core: dict[str, Any] = {"timezone": "UTC", "data": str(data), "feeds": [], **settings}
            tree = {**core, "plugins": plugins or {}}
            loaded = Loaded(convert(tree, Settings, "", Sources()))
            site = Site.build(loaded, points)
            redis = stack.enter_context(connect(loaded.settings.redis, server.url, role="test"))
            redis.flushall()
            return SiteUnderTest(site, server.url, redis, stack)

        yield make


@pytest.fixture
def make_feed(make_site: SiteMaker) -> Iterator[FeedMaker]:
    """`make_feed(misp_url=None, **site)`: like make_site, listening to a ZMQ publisher of the test's own."""
    import zmq

    with ExitStack() as stack:

        def make(misp_url: str | None = None, **site: Any) -> FeedUnderTest:
            socket: zmq.Socket[bytes] = stack.enter_context(zmq.Context.instance().socket(zmq.XPUB))
            socket.linger = 0
            # Nobody of an earlier test still tries to connect there; Linux alone has all of 127.0.0.0/8.
            host = f"tcp://127.{secrets.randbelow(254) + 1 if sys.platform == 'linux' else 0}.0.1"
            url = f"{host}:{socket.bind_to_random_port(host)}"
            under_test = make_site(**{**site, "feeds": [{"name": "test", "url": url, "misp_url": misp_url}]})
            under_test.listen()
            if not socket.poll(int(_PATIENCE * 1000)):
                pytest.fail("the site did not subscribe to the feed")
            socket.recv()
            return FeedUnderTest(url, under_test, socket.send)

        yield make
