"""`watchfloor run` as people run it: everything in one go, in order from start to end."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from books import check_all, total
from lab import Lab, Process, Server, children, exists, pid_of, until
from publisher import Publisher, publishing

from watchfloor.store.clients import Commands
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import DEMO, FEED_STATS

ROLES = ("subscribe", "work", "serve")


class Run:
    """A running site with a publisher; `address` is where its pages are."""

    def __init__(self, lab: Lab, publisher: Publisher) -> None:
        lab.configure(feeds=[{"name": "misp", "url": publisher.url}], worker={"lease_seconds": 1.0})
        self.lab = lab
        self.process: Process = lab.start("run")
        self.process.until("ready after")
        self.address = self.process.address
        self.server = EmbeddedServer(lab.folder / "data").url
        self.redis: Commands = lab.connect(self.server)

    def roles(self) -> dict[str, int]:
        """The process ids of the roles."""
        named = {command.rpartition(" ")[2]: pid for pid, command in children(self.process.pid).items()}
        return {role: named[role] for role in ROLES if role in named}

    def everything(self) -> set[int]:
        """The process ids of all that runs."""
        return {self.process.pid, pid_of(self.server), *self.roles().values()}

    def serves(self) -> bool:
        """Whether the pages answer."""
        try:
            return "misp" in self.page()
        except URLError:
            return False

    def page(self, path: str = "") -> str:
        """What a browser gets."""
        with urlopen(self.address + path, timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as publisher:
        yield publisher


@pytest.fixture
def run(lab: Lab, publisher: Publisher) -> Run:
    return Run(lab, publisher)


def gone(pids: set[int]) -> bool:
    return not any(exists(pid) for pid in pids)


def test_from_a_zmq_message_to_a_number_on_the_page(run: Run, publisher: Publisher) -> None:
    said = run.process.text
    for words in ("plugins: ledger, trendings", "Redis: embedded, data in", publisher.url, run.address):
        assert words in said
    until(lambda: total(run.redis) > 100, "messages")
    sent = publisher.end()
    until(lambda: total(run.redis) == len(sent), "all of them")
    assert "misp" in run.page()
    shown = " ".join(re.sub("<[^>]*>", " ", run.page("trendings/?from=2024-10-21&to=2024-10-21")).split())
    assert re.search(rf"\bOther\b.{{0,40}}\b{len(sent):,}\b", shown), shown
    assert "DEMO DATA" not in run.page()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_in_order(run: Run, publisher: Publisher, number: signal.Signals) -> None:
    until(lambda: total(run.redis) > 100, "messages")
    running = run.everything()
    assert len(running) == 5
    asked = time.monotonic()
    run.process.signal(number)
    assert run.process.wait() == 0
    assert time.monotonic() - asked < 6
    until(lambda: gone(running), "the end of everything", 2)
    assert "run       stopping" in run.process.text
    run.lab.succeed("work", "--drain")
    with EmbeddedServer(run.lab.folder / "data") as server:
        redis = run.lab.connect(server.url)
        check_all(redis, {"misp": range(int(redis.hget(FEED_STATS(feed="misp"), "messages")))})


def test_a_role_that_is_killed_is_started_again(run: Run, publisher: Publisher) -> None:
    for role in ROLES:
        before = run.roles()
        os.kill(before[role], signal.SIGKILL)
        until(lambda: run.roles().get(role, before[role]) != before[role], f"another {role}")  # noqa: B023
        after = run.roles()
        assert {name: pid for name, pid in after.items() if name != role} == {
            name: pid for name, pid in before.items() if name != role
        }
        assert f"'{role}' ended (killed by SIGKILL); starting it again" in run.process.text
    seen = total(run.redis)
    until(lambda: total(run.redis) > seen + 100, "messages again")
    until(run.serves, "the pages")
    assert run.process.stop() == 0


def test_kill_9_of_the_supervisor_takes_everything_with_it(run: Run) -> None:
    running = run.everything()
    run.process.kill()
    until(lambda: gone(running), "the end of everything", 8)


def test_a_port_in_use(lab: Lab, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        lab.configure(redis={"url": server.url}, web={"port": port})
        said = lab.refused("run")
    assert said == f"web.port {port} is in use: stop the other program or choose another with --port"


@pytest.mark.parametrize("redis", ["embedded", "own"])
@pytest.mark.parametrize("where", ["a file/below", "/sys/watchfloor"])
def test_a_data_folder_that_cannot_be_written(lab: Lab, server: Server, redis: str, where: str) -> None:
    (lab.folder / "a file").touch()
    folder = lab.folder / where
    lab.configure(redis={"url": server.url if redis == "own" else "embedded"}, data=str(folder))
    said = lab.refused("run")
    assert str(folder) in said
    assert re.search("set .data. to another folder", said)


def test_a_wrong_password(lab: Lab, server: Server) -> None:
    lab.connect(server.url).config_set("requirepass", "right")
    for password, command in (("hunter2", "run"), (None, "run"), ("hunter2", "work"), (None, "subscribe")):
        lab.configure(redis={"url": server.url, "password": password})
        said = lab.refused(command)
        assert "refuses the password" in said
        assert "correct redis.password" in said
        assert "hunter2" not in said


def test_a_redis_that_throws_keys_away(lab: Lab, server: Server) -> None:
    lab.connect(server.url).config_set("maxmemory-policy", "allkeys-lru")
    lab.configure(redis={"url": server.url})
    for command in ("run", "work", "subscribe"):
        said = lab.refused(command)
        assert "throws keys away when memory is short (maxmemory-policy is 'allkeys-lru')" in said
        assert "CONFIG SET maxmemory-policy noeviction" in said


def test_no_redis(lab: Lab) -> None:
    lab.configure(redis={"url": "redis://127.0.0.1:1/0"})
    said = lab.refused("run")
    assert "cannot be reached (Connection refused): start it, correct redis.url" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"web": {"port": "high"}}, "web.port"),
        ({"wbe": {}}, "wbe"),
        ({"plugins": {"trendings": {"top": 0}}}, "plugins.trendings.top"),
        ({"plugins": {"trendigns": {}}}, "plugin 'trendigns': is enabled but not installed"),
        ({"feeds": [{"name": "a", "url": "http://127.0.0.1"}]}, "feeds"),
        ({"redis": {"url": "mysql://x"}}, "redis.url"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_a_wrong_configuration_starts_nothing(lab: Lab, settings: dict[str, object], words: str) -> None:
    lab.configure(**settings)
    assert words in lab.refused("run", code=2)
    assert not (lab.folder / "data").exists()


def test_a_configuration_that_is_no_yaml_or_not_there(lab: Lab) -> None:
    lab.file.write_text("web: {port: 8001\nfeeds: []")
    assert f"{lab.file}" in lab.refused("run", code=2)
    lab.file.unlink()
    assert f"{lab.file}" in lab.refused("run", code=2)


def test_demo_data_is_refused(lab: Lab, server: Server) -> None:
    lab.connect(server.url).set(DEMO(), "1")
    lab.configure(redis={"url": server.url})
    assert "this Redis holds demo data: remove it with 'watchfloor clean'" in lab.refused("run")
