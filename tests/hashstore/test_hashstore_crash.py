"""Imports that are killed at any moment, and servers that go away: a whole store answers all along."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import editions
import msgspec
import pytest
from asking import filled, quiet, settings_of
from editions import answering
from gate import Gate, Shut, Words, commands, gate, queries
from importing_apart import importing, kill
from misp_database import Server
from redis.exceptions import RedisError

from watchfloor.config.settings import RedisSettings
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.testing import SiteMaker, SiteUnderTest, until
from watchfloor_hashstore.connect import connect as connect_store
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.keys import FAMILIES
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.state import state
from watchfloor_hashstore.store import Store

Moment = tuple[str, int]
"""A command that touches a family of keys, and the how manieth it is."""


@pytest.fixture
def site(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> SiteUnderTest:
    """A store that holds the old edition, with the new one in the database."""
    site = make_site(plugins={"hashstore": {}})
    editions.write(misp_tables, "old")
    filled(site.redis, settings_of(mysql_server))
    editions.write(misp_tables, "new")
    return site


class Gates:
    """The way of an import to its servers, which a test watches."""

    def __init__(self, site: SiteUnderTest, server: Server, folder: Path, stack: ExitStack) -> None:
        self._site, self._server, self._folder, self._stack = site, server, folder, stack
        self._count = 0

    def redis(self, before: Any = lambda *_: None) -> Gate:
        return self._gate(self._site.url.removeprefix("unix://"), commands, before)

    def mysql(self, before: Any = lambda *_: None) -> Gate:
        return self._gate(self._server.socket, queries, before)

    def _gate(self, upstream: str, read: Any, before: Any) -> Gate:
        self._count += 1
        path = self._folder / f"gate{self._count}"
        return self._stack.enter_context(gate(upstream, path, read, before))

    def settings(self, redis: Gate | None = None, mysql: Gate | None = None) -> Settings:
        """An import's settings, through these gates."""
        database = self._server.settings("misp")
        if mysql is not None:
            database["unix_socket"] = str(mysql.path)
        url = self._site.url if redis is None else f"unix://{redis.path}"
        return settings_of(self._server, mysql=database, redis={"url": url})


@pytest.fixture
def gates(site: SiteUnderTest, mysql_server: Server, tmp_path: Path) -> Iterator[Gates]:
    with ExitStack() as stack:
        yield Gates(site, mysql_server, tmp_path, stack)


def import_through(settings: Settings) -> None:
    """An import in this process."""
    with connect_store(settings.redis) as redis:
        import_misp(redis, settings, quiet)


def label(words: Words) -> str:
    """What a command does to which family of keys."""
    key = words[3] if words[0] == b"EVAL" else words[1]
    return f"{words[0].decode()} {key.split(b':')[0].decode()}"


class Moments:
    """Counts the commands of each sort as they come, and does something at one of them."""

    def __init__(self, moment: Moment, act: Any) -> None:
        self._moment, self._act = moment, act
        self._met: Counter[str] = Counter()

    def __call__(self, _number: int, words: Words) -> None:
        name = label(words)
        self._met[name] += 1
        if (name, self._met[name]) == self._moment:
            self._act()


def moments_of(gates: Gates, redis: Gate) -> list[Moment]:
    """The first and the last command of each sort that an import gave, and one amid the many."""
    import_through(gates.settings(redis))
    counts = Counter(label(words) for words in redis.seen if words[0] not in (b"HELLO", b"CLIENT"))
    return [(name, n) for name, count in counts.items() for n in sorted({1, (count + 1) // 2, count})]


def shut() -> None:
    raise Shut


def kill_and_shut(victim: list[Any]) -> None:
    kill(victim[0])
    shut()


def expire(site: SiteUnderTest) -> None:
    """The lock of the dead one is over."""
    site.redis.hset("HASHSTORE", "lock_until", 0)


def check_nothing_is_left(site: SiteUnderTest) -> None:
    """There is one generation, or it vanishes by itself."""
    met = state(site.redis)
    names = {str(name) for name in Store(site.redis, met.generation, met.bits).names()}
    others = {
        name for family in FAMILIES for name in site.keys(family) if name.count(":") and name not in names
    }
    assert {name for name in others if site.redis.ttl(name) < 0} == set()
    assert {name for name in names if site.redis.ttl(name) >= 0} == set()


def test_at_each_moment_of_an_import_one_whole_store_answers(
    site: SiteUnderTest, gates: Gates, mysql_server: Server
) -> None:
    """Before each command that it gives to Redis; and who wants to import as well is told to wait."""
    told: list[str] = []

    def look(*_: object) -> None:
        (edition,) = answering(site.redis)
        told.append(edition)
        if state(site.redis).building:
            with pytest.raises(HashstoreError, match="already running"):
                filled(site.redis, settings_of(mysql_server))

    import_through(gates.settings(gates.redis(look)))
    assert told == sorted(told, reverse=True), "never back from the new one to the old one"
    assert set(told) == {"old", "new"}
    assert answering(site.redis) == ["new"]
    check_nothing_is_left(site)


@pytest.mark.timeout(300)
def test_an_import_that_is_killed_at_any_moment_leaves_a_whole_store(
    site: SiteUnderTest, gates: Gates, misp_tables: Any
) -> None:
    """One after the other, so that each finds what those before have left."""
    (answers,) = answering(site.redis)
    moments = [*moments_of(gates, gates.redis()), ("UNLINK HASHSTORE_ENTRIES", 9)]
    random.Random(2).shuffle(moments)
    answers, swapped = "new", 0
    for moment in moments:
        other = {"old": "new", "new": "old"}[answers]
        editions.write(misp_tables, other)
        victim: list[Any] = []
        redis = gates.redis(Moments(moment, partial(kill_and_shut, victim)))
        with importing(gates.settings(redis)) as process:
            victim.append(process)
            process.join()
            assert process.exitcode == -9, moment
        redis.close()
        assert answering(site.redis) in ([answers], [other]), moment
        swapped += answering(site.redis) == [other]
        (answers,) = answering(site.redis)
        expire(site)
    assert 0 < swapped < len(moments)
    editions.write(misp_tables, "new")
    import_through(gates.settings())
    assert answering(site.redis) == ["new"]
    check_nothing_is_left(site)


def test_an_import_that_loses_redis_at_any_moment_leaves_a_whole_store(
    site: SiteUnderTest, gates: Gates, misp_tables: Any
) -> None:
    moments = moments_of(gates, gates.redis())
    answers = "new"
    for moment in moments:
        other = {"old": "new", "new": "old"}[answers]
        editions.write(misp_tables, other)
        with pytest.raises((RedisError, HashstoreError)):
            import_through(gates.settings(gates.redis(Moments(moment, shut))))
        assert answering(site.redis) in ([answers], [other]), moment
        (answers,) = answering(site.redis)
        expire(site)
    editions.write(misp_tables, "new")
    import_through(gates.settings())
    assert answering(site.redis) == ["new"]
    check_nothing_is_left(site)


def test_an_import_that_loses_the_database_at_any_query_changes_nothing(
    site: SiteUnderTest, gates: Gates, misp_tables: Any
) -> None:
    whole = gates.mysql()
    import_through(gates.settings(mysql=whole))
    assert len(whole.seen) > 15
    editions.write(misp_tables, "old")
    before = {family.pattern: site.keys(family) for family in FAMILIES}
    for at in range(len(whole.seen)):

        def lose(number: int, _words: Words, at: int = at) -> None:
            if number == at:
                shut()

        with pytest.raises(HashstoreError, match=r"cannot open the database|failed: .*; run it again"):
            import_through(gates.settings(mysql=gates.mysql(lose)))
        assert answering(site.redis) == ["new"], at
        assert {family.pattern: site.keys(family) for family in FAMILIES} == before, at
    import_through(gates.settings())
    assert answering(site.redis) == ["old"]
    check_nothing_is_left(site)


def test_an_import_that_was_overtaken_changes_nothing(
    site: SiteUnderTest, gates: Gates, mysql_server: Server, misp_tables: Any
) -> None:
    """It stood still for so long that another took its lock, and made a store of what came since."""
    editions.write(misp_tables, "old")

    def overtake() -> None:
        expire(site)
        editions.write(misp_tables, "new")
        filled(site.redis, settings_of(mysql_server))

    slow = gates.redis(Moments(("HSET HASHSTORE_EVENTS", 1), overtake))
    with pytest.raises(HashstoreError, match="another import took over"):
        import_through(gates.settings(slow))
    assert answering(site.redis) == ["new"]
    check_nothing_is_left(site)


def command(site: SiteUnderTest, settings: Settings, folder: Path) -> list[str]:
    """The command line of an import, whose attributes other processes pack however few they are."""
    file = folder / "config.yaml"
    told = {"mysql": msgspec.to_builtins(settings.mysql), "redis": msgspec.to_builtins(settings.redis)}
    tree = {"redis": {"url": site.url}, "data": str(folder), "feeds": [], "plugins": {"hashstore": told}}
    file.write_text(json.dumps(tree))
    code = (
        "from watchfloor_hashstore import packing; packing._FEW = 0; from watchfloor.cli import main; main()"
    )
    return [sys.executable, "-c", code, "--config", str(file), "hashstore", "import", "--json"]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process still runs; one that ended may wait for somebody to ask about it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("moment", ["the second page", "the second write of entries"])
def test_the_command_and_its_processes_may_be_killed(
    site: SiteUnderTest, gates: Gates, misp_tables: Any, tmp_path: Path, moment: str
) -> None:
    misp_tables.execute("UPDATE attributes SET id = id + 5000 WHERE id % 2")  # onto several pages
    victim: list[subprocess.Popen[bytes]] = []
    helpers: list[int] = []

    def end() -> None:
        helpers.extend(children(victim[0].pid))
        victim[0].kill()
        shut()

    turns = iter(range(100))

    def at_second(what: bytes, _number: int, words: Words) -> None:
        if any(what in word for word in words) and next(turns) == 1:
            end()

    if moment == "the second page":
        settings = gates.settings(mysql=gates.mysql(partial(at_second, b"GROUP_CONCAT(CONCAT_WS(")))
    else:
        settings = gates.settings(gates.redis(partial(at_second, b"HASHSTORE_ENTRIES:")))
    with subprocess.Popen(command(site, settings, tmp_path), stdout=-1, stderr=-1) as process:
        victim.append(process)
        process.wait()
    assert process.returncode == -9
    assert len(helpers) >= 2
    until(lambda: not any(map(alive, helpers)), "the end of its processes", 30)
    assert answering(site.redis) == ["old"]
    expire(site)
    done = subprocess.run(command(site, gates.settings(), tmp_path), capture_output=True, check=True)
    assert json.loads(done.stdout)["attributes"] == editions.SIZE
    assert answering(site.redis) == ["new"]
    check_nothing_is_left(site)


def test_redis_may_be_started_anew_in_the_middle(
    mysql_server: Server, misp_tables: Any, tmp_path: Path
) -> None:
    editions.write(misp_tables, "old")
    settings = settings_of(mysql_server)
    with EmbeddedServer(tmp_path) as server, connect(RedisSettings(), server.url, role="test") as redis:
        filled(redis, settings)
        editions.write(misp_tables, "new")
        with pytest.raises(RedisError):
            import_misp(redis, settings, lambda *_: server.stop())
    with EmbeddedServer(tmp_path) as server, connect(RedisSettings(), server.url, role="test") as redis:
        assert answering(redis) == ["old"]
        redis.hset("HASHSTORE", "lock_until", 0)
        filled(redis, settings)
        assert answering(redis) == ["new"]


def test_what_is_stored_is_declared(site: SiteUnderTest) -> None:
    declared = {name for family in FAMILIES for name in site.keys(family)}
    assert {name.decode() for name in site.redis.scan_iter()} == declared
