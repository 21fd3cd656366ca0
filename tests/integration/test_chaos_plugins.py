"""Writes that Redis or its client cannot take: they cost the plugin a message, never the worker its work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from books import frame, store

from watchfloor.plugins import GROUP
from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.worker.loop import Worker

PLUGIN = """
from datetime import date, timedelta
from watchfloor import AttributeShared, Handler, Keys, hookimpl

class Half(float):
    def __repr__(self): return "half"

KINDS = ("string", "zset", "hash", "set", "geo")
S, Z, H, M, G = [Keys("{name}:" + kind + ":{{part}}", kind, "") for kind in KINDS]
LONG = Keys("{name}:long:{{date}}", "string", "", timedelta(days=999_999_999))

@hookimpl
def redis_keys(): return [S, Z, H, M, G, LONG]

def write(attribute, writes):
    writes.incrby(S(part="messages"))
    if attribute.value == "1":
        {then}

@hookimpl
def message_handlers(): return [Handler(AttributeShared, write)]

@hookimpl
def after_commit():
    def after(touched, reads, writes):
        {after}
    return after
"""
Make = Callable[..., SiteUnderTest]
REFUSED = {
    "a surrogate in a key": "writes.incrby(S(part='\\ud800'))",
    "a surrogate in a member": "writes.sadd(M(part='x'), '\\ud800')",
    "a member that is no text": "writes.sadd(M(part='x'), 5)",
    "a field that is no text": "writes.hset(H(part='x'), b'x', 'y')",
    "a value that is no text": "writes.set(S(part='x'), None)",
    "no number": "writes.zincrby(Z(part='x'), float('nan'), 'x')",
    "a number of thousands of digits": "writes.zadd(Z(part='x'), 10**5000, 'x')",
    "an amount beyond 64 bits": "writes.incrby(S(part='x'), 2**64)",
    "a sum beyond 64 bits": "writes.incrby(S(part='x'), 2**63 - 1); writes.incrby(S(part='x'), 2**63 - 1)",
    "no place": "writes.geoadd(G(part='x'), 0, 89, 'x')",
    "a text for a place": "writes.geoadd(G(part='x'), '1', '2', 'x')",
    "an expiry beyond time": "writes.incrby(S(part='x')); writes.expire(S(part='x'), 2**62)",
    "something to touch that is no text": "writes.touch(5)",
    "a surrogate to touch": "writes.touch('\\ud800')",
}
TAKEN = {
    "a boolean amount": ("writes.incrby(S(part='x'), True)", "string:x", b"1"),
    "a boolean score": ("writes.zadd(Z(part='x'), True, 'x')", "zset:x", 1.0),
    "a number of another make": ("writes.zincrby(Z(part='x'), Half(0.5), 'x')", "zset:x", 0.5),
    "a retention beyond time": ("writes.incrby(LONG(date=date(2026, 11, 2)))", "long:20261102", b"1"),
    "a null character": ("writes.incrby(S(part='\\0'))", "string:\0", b"1"),
}


@pytest.fixture
def make(make_site: SiteMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A site with three messages and two plugins; `rogue` does something with the second message."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(then: str = "pass", after: str = "pass") -> SiteUnderTest:
        points = {}
        for name, (handle, look) in {"rogue": (then, after), "good": ("pass", "pass")}.items():
            module = f"chaos_{abs(hash(tmp_path))}_{name}"
            (tmp_path / f"{module}.py").write_text(PLUGIN.format(name=name, then=handle, after=look))
            points[name] = EntryPoint(name, module, GROUP)
        site = make_site({name: {} for name in points}, points, worker={"lease_seconds": 1.0})
        store(site.redis, map(frame, range(3)))
        return site

    return make


def work(site: SiteUnderTest) -> int:
    """Work off all there is, which must come to an end; how many messages it was."""
    stop, worker = threading.Event(), Worker(site.site, site.url)
    thread = threading.Thread(target=worker.run, args=(stop,), kwargs={"drain": True})
    thread.start()
    thread.join(5)
    stop.set()
    thread.join()
    return worker.done


def messages(site: SiteUnderTest, plugin: str) -> int:
    return int(site.redis.get(f"{plugin}:string:messages") or 0)


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_written_costs_the_plugin_that_message(what: str, make: Make) -> None:
    site = make(REFUSED[what])
    assert work(site) == 3
    [failure] = site.failures()
    assert failure.startswith(("rogue: handler: ", "rogue: redis: "))
    # Of what Redis refuses itself the rest of the transaction is applied.
    assert messages(site, "rogue") == (2 if ": handler: " in failure else 3)
    assert messages(site, "good") == 3


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_odd_but_clear_is_written(what: str, make: Make) -> None:
    then, key, expected = TAKEN[what]
    site = make(then)
    assert work(site) == 3
    assert site.failures() == []
    name = f"rogue:{key}"
    assert (site.redis.zscore(name, "x") if key.startswith("zset") else site.redis.get(name)) == expected
    assert messages(site, "rogue") == messages(site, "good") == 3


@pytest.mark.parametrize("what", REFUSED)
def test_what_after_commit_cannot_write_is_told(what: str, make: Make) -> None:
    site = make("writes.touch('x')", after=REFUSED[what])
    assert work(site) == 3
    [failure] = site.failures()
    assert failure.startswith(("rogue: after-commit: ", "rogue: redis: "))
    assert messages(site, "rogue") == messages(site, "good") == 3
