"""A store of its own on a Redis Cluster: three real masters, and nothing crosses slots."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
import redis
from asking import check_accounts, check_exports, check_visibility
from click.testing import CliRunner
from misp_accounts import Account, everybody
from misp_changes import Changes, Message
from misp_content import fill
from misp_database import Server
from recording import Command, recorded
from redis.exceptions import RedisError, ResponseError
from starlette.testclient import TestClient

from watchfloor.store.streams import Appender
from watchfloor.testing import SiteMaker, SiteUnderTest, until
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.commands import commands as hashstore_commands
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.keys import NOTED
from watchfloor_hashstore.settings import Settings, StoreSettings

SLOTS = 16_384


def free_port() -> int:
    """A port of which the bus' port, ten thousand above, is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as bus:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with suppress(OSError, OverflowError):
                bus.bind(("127.0.0.1", port + 10_000))
                return port


def node(folder: Path, port: int, stack: ExitStack) -> redis.Redis:
    """A running node."""
    folder.mkdir()
    options = {"port": port, "cluster-enabled": "yes", "dir": folder, "bind": "127.0.0.1", "save": ""}
    command = [
        "redis-server",
        *(text for name, value in options.items() for text in (f"--{name}", str(value))),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    client: redis.Redis = stack.enter_context(redis.Redis(port=port))

    def serves() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    until(serves, "a node of the cluster")
    return client


def joined(one: redis.Redis) -> bool:
    """Whether a node knows the others, and who has which slots."""
    told: Any = one.execute_command("CLUSTER INFO")
    return bool(told["cluster_state"] == "ok" and told["cluster_known_nodes"] == "3")


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[redis.Redis]]:
    """Three masters that share the slots."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        nodes = [node(Path(folder) / str(port), port, stack) for port in ports]
        for n, one in enumerate(nodes):
            first, last = SLOTS * n // 3, SLOTS * (n + 1) // 3 - 1
            one.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            one.execute_command("CLUSTER SET-CONFIG-EPOCH", n + 1)
            nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", ports[n])
        for one in nodes:
            until(partial(joined, one), "the cluster", 60)
        yield nodes


def run(site: SiteUnderTest, name: str, *arguments: str) -> str:
    """What a command prints, with the site's own settings."""
    (plugin,) = site.site.plugins
    assert isinstance(plugin.settings, Settings)
    group = {command.name: command for command in hashstore_commands(plugin.settings)}
    result = CliRunner().invoke(group[name], arguments, obj=site)
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.stdout


def test_all_works_on_a_cluster_and_nothing_crosses_slots(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, cluster: list[redis.Redis], tmp_path: Path
) -> None:
    """By commands, over HTTP and live; the core's Redis holds nothing of the store when nothing waits."""
    fill(mysql_server, "misp", attributes=600, combined=1)
    accounts = everybody(misp_tables, with_advanced=True)
    port = cluster[0].connection_pool.connection_kwargs["port"]
    own = {"url": f"redis://127.0.0.1:{port}/0", "cluster": True}
    site = make_site(plugins={"hashstore": {"redis": own, "mysql": mysql_server.settings("misp")}})
    with ExitStack() as stack:
        told = [stack.enter_context(recorded(one)) for one in cluster]
        store = stack.enter_context(connect(msgspec.convert(own, StoreSettings)))
        run(site, "import", "--quiet")
        changes = Changes(misp_tables, 3)
        changes.shuffle()
        run(site, "update", "--quiet")
        check_visibility(store, misp_tables)
        changes.told()
        changes.shuffle()
        changes.lose()
        tell(site, changes.told())
        check_visibility(store, misp_tables)
        check_exports(store, misp_tables, tmp_path / "export.wfh")
        key = run(site, "key", "create", "laptop", "--org", "Org 2").strip()
        with TestClient(site.app()) as browser:
            check_accounts(browser, misp_tables, [*accounts[:4], Account(key, 2)])
            assert "Hash store" in browser.get("/hashstore/").text
            checks = {check["owner"]: check["state"] for check in browser.get("/ready").json()["checks"]}
            assert checks["hashstore"] == "ok"
        assert "attributes imported" in run(site, "info")
        run(site, "export", "--community", "--quiet", "--out", str(tmp_path / "out.wfh"))
        own_keys.revoke(store, next(iter(own_keys.listed(store))))
        store.hset("HASHSTORE", "left", "of-one-that-died")
        run(site, "import", "--quiet")
        check_visibility(store, misp_tables)
    commands = [command for one in told for command in one]
    assert len({str(store.get_node_from_key(key)) for key in store.scan_iter("HASHSTORE*")}) == 3
    here = {name.decode() for name in site.redis.scan_iter() if b"HASHSTORE" in name}
    assert here == {NOTED()}
    assert site.redis.xlen(NOTED()) == 0
    check_slots(cluster[0], commands)


def tell(site: SiteUnderTest, messages: list[Message]) -> None:
    """Messages arrive and are worked off."""
    with Appender(site.redis, "misp", 6.0) as appender:
        frames = [f"{topic} ".encode() + json.dumps(body).encode() for topic, body in messages]
        appender.append([(frame, time.time()) for frame in frames])
    site.work()
    assert site.failures() == []


def check_slots(node: redis.Redis, commands: list[Command]) -> None:
    """Each command, those within scripts as well, has keys of one slot; none is a part of a transaction."""
    names = {command[0].upper() for command in commands}
    assert names.isdisjoint({b"MULTI", b"EXEC", b"WATCH", b"SELECT"})
    assert {b"EVAL", b"HSET", b"HMGET", b"HGETALL", b"UNLINK", b"EXPIRE", b"HSCAN"} <= names
    asked = [command for command in commands if command[0] != b"COMMAND"]  # the library asks about others
    for command in {tuple(command[:4]): command for command in asked}.values():
        try:
            keys = node.execute_command("COMMAND GETKEYS", *command)
        except ResponseError:  # it has none
            assert not any(part.startswith(b"HASHSTORE") for part in command), command[:4]
            continue
        assert len({node.execute_command("CLUSTER KEYSLOT", key) for key in keys}) == 1, command[:4]
