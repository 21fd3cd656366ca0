"""A store of its own on a Redis Cluster: three real masters, and nothing crosses slots."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from asking import check_visibility, quiet, settings_of
from misp_content import fill
from misp_database import Server
from redis.exceptions import RedisError
from starlette.testclient import TestClient

from watchfloor.testing import SiteMaker, until
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, EventIs
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.lookup import Reader, Who, run
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.many import hashes_of
from watchfloor_hashstore.updating import update_misp

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
def cluster() -> Iterator[str]:
    """The URL of one of three masters that share the slots."""
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
        yield f"redis://127.0.0.1:{ports[0]}/0"


def test_all_works_on_a_cluster(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, cluster: str, tmp_path: Path
) -> None:
    fill(mysql_server, "misp", attributes=800)
    own = {"url": cluster, "cluster": True}
    settings = settings_of(mysql_server, redis=own)
    site = make_site(plugins={"hashstore": {"redis": own}})
    with connect(settings.redis) as store:
        import_misp(store, settings, quiet)
        check_visibility(store, misp_tables)
        misp_tables.execute("UPDATE events SET distribution = 0 WHERE id < 20")
        update_misp(store, settings, quiet)
        check_visibility(store, misp_tables)
        event = EventIs(900, "99999999-1111-4111-8111-111111111111", 1, "*", 4e9)
        hashes = [digest("evil.example")]
        bring_in(store, [event, AttributeIs(9000, 900, hashes, "*", "domain", "Network activity", 4e9)])
        check_with_http(site.app(), own_keys.create(store, OwnKey("laptop", 1)))
        calls: list[int] = []
        run(store, Reader().ask([(Who(), hashes_of(["x"]))]), lambda: calls.append(1))
        assert calls
        assert export(store, Scope(1, "organisation 1"), tmp_path / "out", quiet)["entries"] > 100
        assert len({str(store.get_node_from_key(key)) for key in store.scan_iter("HASHSTORE*")}) == 3


def check_with_http(app: Any, key: str) -> None:
    with TestClient(app) as browser:
        answer = browser.post("/hashstore/lookup", json=["evil.example", "x"], headers={"authorization": key})
        assert [len(hits) for hits in answer.json()["results"]] == [1, 0], answer.text
        assert "Hash store" in browser.get("/hashstore/").text
