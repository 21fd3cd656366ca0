"""`watchfloor hashstore lookup` on a Redis, a server and an export, and `lookup.pyz`: all answer alike."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from watchfloor.testing import SiteMaker, SiteUnderTest
from watchfloor.web.server import serving
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.bringing import bring_in
from watchfloor_hashstore.changes import AttributeIs, Change, EventIs
from watchfloor_hashstore.commands import commands
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.packaging import client
from watchfloor_hashstore.portable.hashing import digest, digests, split
from watchfloor_hashstore.settings import Settings

EVENT = "{:08d}-1111-4111-8111-111111111111".format
SUMS = [hashlib.new(name, b"malware").hexdigest() for name in ("md5", "sha1", "sha256")]


@dataclass(frozen=True)
class Done:
    """How a program ended, and what it printed."""

    code: int
    out: str
    error: str


Ask = Callable[..., Done]


def known(id_: int, event: int, type_: str, value: str, **more: Any) -> AttributeIs:
    told = {"level": "*", "category": "Network activity", "to_ids": True, "day": 9499 + event, **more}
    hashes = sorted(digests(type_, *split(type_, value)))
    return AttributeIs(id=id_, event=event, hashes=hashes, type=type_, received=1.0, **told)


@pytest.fixture
def site(make_site: SiteMaker) -> SiteUnderTest:
    """What organisation 3 sees: events 1 and 2, and of 2 not all."""
    site = make_site(plugins={"hashstore": {}})
    changes: list[Change] = [
        EventIs(1, EVENT(1), 1, "*", 1.0, tlp="amber"), EventIs(2, EVENT(2), 2, "*", 1.0),
        known(1, 1, "domain", "evil.example"), known(2, 2, "domain", "evil.example", to_ids=False),
        known(3, 2, "domain", "evil.example", to_ids=False),
        known(4, 2, "domain", "secret.example", level="-"),
        known(5, 1, "ip-dst|port", "198.51.100.7|443"), known(6, 1, "url", "http://evil.example/a"),
        known(7, 1, "md5", SUMS[0]), known(8, 2, "filename|sha256", f"a.exe|{SUMS[2]}"),
        known(9, 1, "text", "=cmd|' /C calc'!A0"), known(10, 1, "text", "grün\x1b[31m"),
        known(11, 2, "ip-src", "198.51.100.0/24"),
    ]  # fmt: skip
    bring_in(site.redis, changes)
    return site


@pytest.fixture(params=["redis", "server", "export", "keyed export", "lookup.pyz", "lookup.pyz with a key"])
def ask(request: pytest.FixtureRequest, site: SiteUnderTest, tmp_path: Path) -> Iterator[Ask]:
    """A way to ask as organisation 3."""
    way = request.param
    out, key = tmp_path / "known.wfh", tmp_path / "key"
    key.write_text("5e" * 32)
    with_key = "key" in way
    export(site.redis, Scope(3, "three"), out, lambda *_: None, bytes.fromhex("5e" * 32) if with_key else b"")
    store = ["--store", str(out), *(["--key", str(key)] if with_key else [])]
    if way.startswith("lookup.pyz"):
        program = tmp_path / "lookup.pyz"
        program.write_bytes(client())
        yield _program(str(program), *store)
    elif way == "server":
        made = own_keys.create(site.redis, OwnKey("t", 3))
        with serving(site.site, site.url) as url:
            yield _command(site, "--server", url, "--api-key", made)
    else:
        yield _command(site, *(["--org", "3"] if way == "redis" else store))


def _command(site: SiteUnderTest, *options: str) -> Ask:
    settings = site.site.plugins[0].settings
    assert isinstance(settings, Settings)
    (lookup,) = (one for one in commands(settings) if one.name == "lookup")

    def ask(*arguments: str, given: bytes = b"") -> Done:
        done = CliRunner().invoke(lookup, [*options, *arguments], obj=site, input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return ask


def _program(*options: str) -> Ask:
    def ask(*arguments: str, given: bytes = b"") -> Done:
        # With no environment, no site-packages, and no folder to import from: with nothing but Python.
        command = [sys.executable, "-I", "-S", *options, *arguments]
        done = subprocess.run(command, input=given, capture_output=True, check=False, cwd="/", env={})
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return ask


EVIL = ["evil.example: event 2, domain, 2026-01-05", "evil.example: event 1, domain, 2026-01-04, tlp:amber"]


def test_values_are_looked_up(ask: Ask) -> None:
    done = ask("evil[.]example", "secret.example", " ", "nothing")
    assert (done.code, done.out.splitlines()) == (0, [line.replace(".", "[.]", 1) for line in EVIL])
    assert ask("secret.example", "nothing") == Done(1, "", done.error)
    assert ask("198.51.100.7:443", "--misses").out == (
        "198.51.100.7:443: event 1, ip-dst|port, 2026-01-04, tlp:amber\n"
    )
    assert ask("--hashes", digest("evil.example").hex().upper(), "00" * 32).out.count("event") == 2


def test_lines_are_looked_up(ask: Ask, tmp_path: Path) -> None:
    lines = b"\xef\xbb\xbfevil.example\r\n\r\n\xff\xfe\n198.51.100.7\nnothing"
    file = tmp_path / "list.txt"
    file.write_bytes(lines)
    asked = ask("-f", str(file), "--misses")
    assert (asked.code, asked.out.count("event"), asked.out.count("not known")) == (0, 3, 2)
    assert ask("--misses", given=lines).out == asked.out
    assert ask("-f", "-", "--misses", given=lines).out == asked.out
    assert ask(given=b"") == Done(1, "", asked.error)


def test_logs_are_searched(ask: Ask, tmp_path: Path) -> None:
    log = tmp_path / "proxy.log"
    log.write_bytes(b'\xff{"url":"hxxp://evil[.]example/a","src":"198.51.100.7:55"} evil.example\n' * 3)
    done = ask("--log", "-f", str(log))
    assert done.out.splitlines() == [
        "http://evil.example/a: event 1, url, 2026-01-04, tlp:amber", *EVIL,
        "198.51.100.7: event 1, ip-dst|port, 2026-01-04, tlp:amber",
    ]  # fmt: skip
    parts = ask("--log", "--parts", given=log.read_bytes()).out
    assert "198.51.100.0/24: event 2, ip-src" in parts


def test_folders_are_searched(ask: Ask, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    (disk / "deep" / "er").mkdir(parents=True)
    (disk / "deep" / "a.bin").write_bytes(b"malware")
    (disk / "deep" / "er" / "empty").touch()
    Path(os.fsdecode(os.fsencode(disk) + b"/\xff.bin")).write_bytes(b"malware")
    (disk / "link.bin").symlink_to(disk / "deep" / "a.bin")
    (disk / "round").symlink_to(disk)
    done = ask("--tree", str(disk))
    assert done.code == 0
    named = [line.partition(": event")[0] for line in done.out.splitlines()]
    assert sorted(named) == sorted([f"{disk}/deep/a.bin"] * 2 + [f"{disk}/\N{REPLACEMENT CHARACTER}.bin"] * 2)
    assert ask("--tree", str(disk / "deep" / "er"), "--misses") == Done(
        1, f"{disk}/deep/er/empty: not known\n", done.error
    )


def test_every_format_tells_the_same(ask: Ask) -> None:
    asked = ["evil.example", "nothing", "=cmd|' /C calc'!A0", "grün\x1b[31m"]
    lines = [json.loads(line) for line in ask(*asked, "--format", "json", "--misses").out.splitlines()]
    assert [(line["value"], line["found"], len(line["hits"])) for line in lines] == [
        ("evil.example", True, 2), ("nothing", False, 0), (asked[2], True, 1), (asked[3], True, 1),
    ]  # fmt: skip
    assert lines[0]["hits"] == [
        {"event_uuid": EVENT(2), "event_id": "2", "type": "domain", "category": "Network activity",
         "to_ids": False, "date": "2026-01-05", "tlp": ""},
        {"event_uuid": EVENT(1), "event_id": "1", "type": "domain", "category": "Network activity",
         "to_ids": True, "date": "2026-01-04", "tlp": "amber"},
    ]  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(ask(*asked, "--format", "csv", "--misses").out)))
    values = [asked[0], asked[0], asked[1], f"'{asked[2]}", "grün\N{REPLACEMENT CHARACTER}[31m"]
    assert [row["value"] for row in rows] == values
    assert [(row["found"], row["to_ids"], row["event_id"]) for row in rows[:3]] == [
        ("1", "0", "2"), ("1", "1", "1"), ("0", "", ""),
    ]  # fmt: skip
    table = ask(*asked, "--format", "table", "--misses").out
    assert "\x1b" not in table
    assert [line.split()[:2] for line in table.splitlines()[:4]] == [
        ["value", "event"], ["evil.example", "2"], ["evil.example", "1"], ["nothing", "not"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [["--hashes", "00"], ["--hashes", "zz" * 32], ["-f", "/nowhere"], ["--tree", "/nowhere"],
     ["--format", "xml", "x"], ["--nonsense"]],
    ids=" ".join,
)  # fmt: skip
def test_what_is_wrong_ends_with_2_and_a_sentence(ask: Ask, wrong: list[str]) -> None:
    done = ask(*wrong)
    assert (done.code, done.out) == (2, "")
    assert done.error
    assert "Traceback" not in done.error
