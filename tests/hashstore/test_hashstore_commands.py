"""The commands, exports, and the client that needs nothing but Python."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import math
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import poppy
import pytest
from asking import filled, hits, settings_of
from click.testing import CliRunner, Result
from misp_database import Server, insert

from watchfloor.testing import SiteMaker, SiteUnderTest, until
from watchfloor.web.server import serving
from watchfloor_hashstore import own_keys, portable
from watchfloor_hashstore.commands import ask, commands, common
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.lookup import Who
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.portable.answers import Answers
from watchfloor_hashstore.portable.archive import Archive, ArchiveError
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.questions import of_values
from watchfloor_hashstore.portable.remote import Remote
from watchfloor_hashstore.settings import Settings, StoreSettings

UUID = "11111111-1111-4111-8111-111111111111"


def event(**more: Any) -> dict[str, Any]:
    attributes = [
        {"id": "1", "uuid": "a1", "type": "domain", "category": "Network activity", "value": "evil.example",
         "to_ids": True, "timestamp": "1767225600", "distribution": "5"},
        {"id": "2", "uuid": "a2", "type": "md5", "category": "Payload delivery", "distribution": "5",
         "value": hashlib.md5(b"malware").hexdigest(), "timestamp": "1767225600"},
    ]  # fmt: skip
    body = {"id": "7", "uuid": UUID, "org_id": "1", "distribution": "3", "date": "2026-01-02", "Object": []}
    return {"Event": {**body, "Tag": [{"name": "tlp:amber"}], "Attribute": attributes, **more}}


@pytest.fixture
def site(make_site: SiteMaker, tmp_path: Path) -> SiteUnderTest:
    """A store with one event that everyone may see, from a file."""
    site = make_site(plugins={"hashstore": {}})
    (tmp_path / "event.json").write_text(json.dumps(event()))
    run(site, "import", str(tmp_path / "event.json"))
    return site


def run(site: SiteUnderTest, name: str, *arguments: str, code: int = 0, given: str | bytes = "") -> Result:
    """Run a command, which must end with this code."""
    group = {command.name: command for command in commands(settings_for(site))}
    result = CliRunner().invoke(group[name], arguments, obj=site, input=given)
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def settings_for(site: SiteUnderTest) -> Settings:
    settings = site.site.plugins[0].settings
    assert isinstance(settings, Settings)
    return settings


def test_events_of_files_are_found(site: SiteUnderTest) -> None:
    ((hit,),) = hits(site.redis, Who(), "evil.example")
    assert (hit.event_id, hit.event_uuid, hit.tlp, hit.date) == ("7", UUID, "amber", "2026-01-01")
    told = json.loads(run(site, "info", "--json").stdout)
    assert (told["events"], told["attributes_imported"], told["entries_imported"]) == (1, 2, 2)
    assert (told["attributes_about"], told["entries"]) == (2, 2)
    assert told["source"] == "files:event.json"
    assert "attributes imported" in run(site, "info").stdout


def test_an_attribute_of_a_file_has_a_traffic_light_of_its_own(site: SiteUnderTest, tmp_path: Path) -> None:
    attributes = event()["Event"]["Attribute"]
    attributes[0]["Tag"] = [{"name": "tlp:green"}, {"name": "TLP:RED"}]
    (tmp_path / "event.json").write_text(json.dumps(event(Attribute=attributes)))
    run(site, "import", str(tmp_path / "event.json"))
    found = hits(site.redis, Who(), "evil.example", hashlib.md5(b"malware").hexdigest())
    assert [hit.tlp for (hit,) in found] == ["red", "amber"]


def test_long_work_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(common, "_LINE_EVERY", 0.0)
    with common.progress("importing", quiet=False) as report:
        report(1000, 4000)
    assert re.fullmatch(r"importing: 1,000 of 4,000, [\d,]+/s, [\d,]+ s left\n", capsys.readouterr().err)


def test_a_feed_is_nobodys_unless_it_is_for_everyone(site: SiteUnderTest, tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    feed.mkdir()
    body = event()["Event"]
    for name in ("id", "org_id", "distribution"):
        del body[name]
    (feed / "manifest.json").write_text(json.dumps({UUID: {}, "../../etc/passwd": {}}))
    (feed / f"{UUID}.json").write_text(json.dumps({"Event": body}))
    assert "nobody sees them" in run(site, "import", str(feed)).stderr
    assert hits(site.redis, Who(1), "evil.example") == [[]]
    run(site, "import", str(feed), "--everyone", "--quiet")
    ((hit,),) = hits(site.redis, Who(1), "evil.example")
    assert hit.event_uuid == UUID


@pytest.mark.parametrize("cluster", [False, True])
def test_a_redis_of_its_own_that_is_away_is_named(make_site: SiteMaker, cluster: bool) -> None:
    own = {"url": "redis://ada:lovelace@127.0.0.1:1/0", "cluster": cluster}
    told = run(make_site(plugins={"hashstore": {"redis": own}}), "info", code=2).stderr
    assert told.startswith("watchfloor: the hash store's Redis at redis://127.0.0.1:1/0 failed (")
    assert told.endswith("): start it, or correct plugins.hashstore.redis\n")
    assert "lovelace" not in told


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1]"])
def test_a_file_that_holds_no_event_is_named(site: SiteUnderTest, tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.json").write_text(text)
    assert "broken.json" in run(site, "import", str(tmp_path / "broken.json"), code=2).stderr
    assert hits(site.redis, Who(), "evil.example") != [[]]


def test_lookup_asks_a_server(site: SiteUnderTest) -> None:
    made = run(site, "key", "create", "laptop", "--community").stdout.strip()
    with serving(site.site, site.url) as url:
        asked = run(site, "lookup", "--server", url, "--api-key", made, "evil.example", "nothing", "--misses")
        assert asked.stdout.splitlines()[1] == "nothing: not known"
        assert (
            "API key is wrong" in run(site, "lookup", "--server", url, "--api-key", "x", "y", code=2).stderr
        )
    assert "does not answer" in run(site, "lookup", "--server", url, "--api-key", "x", "y", code=2).stderr


def test_a_long_list_is_answered_in_order_whoever_is_asked(site: SiteUnderTest, tmp_path: Path) -> None:
    lines = [f"no{n}.example" for n in range(20_000)]
    lines[0] = lines[9000] = lines[19_999] = "Evil[.]example"
    (tmp_path / "list").write_text("\n".join(lines))
    exported(site, tmp_path / "export.wfh", "--community")
    made = run(site, "key", "create", "laptop", "--community").stdout.strip()
    with serving(site.site, site.url) as url:
        for options in ([], ["--store", str(tmp_path / "export.wfh")], ["--server", url, "--api-key", made]):
            asked = ["lookup", "-f", str(tmp_path / "list"), "--format", "json", *options]
            told = [json.loads(line) for line in run(site, *asked, "--misses").stdout.splitlines()]
            assert [one["value"] for one in told] == lines
            assert [at for at, one in enumerate(told) if one["found"]] == [0, 9000, 19_999]
            assert len(run(site, *asked).stdout.splitlines()) == 3


def test_an_answer_does_not_wait_for_what_is_asked_next(site: SiteUnderTest, tmp_path: Path) -> None:
    def lines() -> Iterator[list[str]]:
        yield ["evil.example"]
        pytest.fail("more was asked for before the answer came")

    made = run(site, "key", "create", "laptop", "--community").stdout.strip()
    exported(site, tmp_path / "export.wfh", "--community")
    with serving(site.site, site.url) as url, Archive(tmp_path / "export.wfh") as archive:
        for answers in (
            ask._from_redis(site.redis, Who(), of_values(lines())),
            Remote(url, made).ask(of_values(lines())),
            ((some, archive.find_many(some.hashes)) for some in of_values(lines())),
        ):
            questions, hits = next(ask._counted(answers))
            assert (questions.texts, hits[0][0]["event_id"]) == (["evil.example"], "7")


def test_a_terminal_that_shows_no_answers_shows_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[Answers] = [(some, {}) for some in of_values([["a", "b"], ["c"]])]
    assert list(ask._counted(iter(answers))) == answers
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(ask, "_SAY_EVERY", -1.0)
    assert list(ask._counted(iter(answers))) == answers
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(ask._counted(iter(answers))) == answers
    first, second, end = capsys.readouterr().err.partition("\r3 looked up, ")
    assert (first[:14], second, end[-3:]) == ("\r2 looked up, ", "\r3 looked up, ", "/s\n")


def test_keys_are_made_listed_and_revoked(site: SiteUnderTest) -> None:
    made = run(site, "key", "create", "laptop\x1b", "--org", "7", "--days", "3").stdout.strip()
    (listed,) = json.loads(run(site, "key", "list", "--json").stdout)
    assert (listed["organisation"], made in json.dumps(listed)) == (7, False)
    assert "\x1b" not in run(site, "key", "list").stdout
    run(site, "key", "revoke", listed["name"])
    assert "No keys" in run(site, "key", "list").stdout
    assert "there is no key" in run(site, "key", "revoke", "x", code=2).stderr
    run(site, "key", "create", "nobody's", code=2)
    assert "no organisation is called" in run(site, "key", "create", "x", "--org", "CIRCL", code=2).stderr


def test_a_key_that_nobody_could_use_is_not_made(site: SiteUnderTest) -> None:
    made = ["key", "create", "x", "--community", "--from", "10.0.0.0/8", "--from"]
    assert "is neither an address nor a network" in run(site, *made, "10.0.0.0/8x", code=2).stderr
    run(site, *made, "2001:db8::1")
    (listed,) = json.loads(run(site, "key", "list", "--json").stdout)
    assert listed["addresses"] == ["10.0.0.0/8", "2001:db8::1"]
    assert ", from 10.0.0.0/8 or 2001:db8::1 only" in run(site, "key", "list").stdout


def test_of_a_key_is_told_that_it_has_expired(site: SiteUnderTest) -> None:
    own_keys.create(site.redis, OwnKey("old", 7, created=1, expires=86_400))
    assert "old: organisation 7, expired 1970-01-02 " in run(site, "key", "list").stdout


class Elsewhere(BaseHTTPRequestHandler):
    """Some other server: it redirects, and answers something else."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(f"{self.path} {self.headers['authorization']}")
        self.rfile.read(int(self.headers["content-length"] or 0))
        redirected = self.path.startswith("/redirected")
        self.send_response(302 if redirected else 200)
        self.send_header("location", "/other")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"[]" if redirected else self.path[1:3].encode())

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize("answer", ["[]", "{}", "12", "x]"])
def test_a_server_that_is_another_is_told_nothing_more(site: SiteUnderTest, answer: str) -> None:
    Elsewhere.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        asked = ["lookup", "--api-key", "s3cret\n", "x", "--server"]
        done = run(site, *asked, f"{url}/{answer}", code=2)
        redirected = run(site, *asked, f"{url}/redirected", code=2)
        server.shutdown()
        thread.join()
    assert "answers something else" in done.stderr or "does not answer" in done.stderr
    assert "302" in redirected.stderr
    assert Elsewhere.asked == [f"/{answer}/hashstore/lookup s3cret", "/redirected/hashstore/lookup s3cret"]


def test_a_hostile_export_says_nothing_to_the_terminal(site: SiteUnderTest, tmp_path: Path) -> None:
    out = tmp_path / "export.wfh"
    export(site.redis, Scope(None, "\x1b]0;x\x07community"), out, lambda *_: None)
    assert "\x1b" not in run(site, "lookup", "--store", str(out), "evil.example").stderr
    program = tmp_path / "lookup.pyz"
    program.write_bytes(run(site, "client").stdout_bytes)
    command = [sys.executable, "-I", "-S", str(program), "--store", str(out), "evil.example"]
    assert b"\x1b" not in subprocess.run(command, capture_output=True, check=True).stderr


def test_an_organisation_is_never_taken_for_another(
    site: SiteUnderTest, mysql_server: Server, misp_tables: Any
) -> None:
    """Names come from other instances, and may be anything."""
    insert(misp_tables, "organisations", [
        {"id": 1, "name": "Aurora CERT", "uuid": UUID}, {"id": 2, "name": UUID, "uuid": "u2"},
        {"id": 3, "name": "1", "uuid": "u3"}, {"id": 4, "name": "4", "uuid": "u4"},
    ])  # fmt: skip
    filled(site.redis, settings_of(mysql_server))
    given = {"Aurora CERT": 1, UUID: 1, "u3": 3, "2": 2, "4": 4, "99": 99}
    for text in given:
        run(site, "key", "create", text, "--org", text)
    listed = json.loads(run(site, "key", "list", "--json").stdout)
    assert {key["label"]: key["organisation"] for key in listed} == given
    assert "the name of organisation 3" in run(site, "key", "create", "x", "--org", "1", code=2).stderr


def exported(site: SiteUnderTest, out: Path, *options: str) -> dict[str, Any]:
    labels: dict[str, Any] = json.loads(
        run(site, "export", "--out", str(out), "--json", "--quiet", *options).stdout
    )
    return labels


def test_an_export_is_looked_up_without_redis(site: SiteUnderTest, tmp_path: Path) -> None:
    out = tmp_path / "export.wfh"
    labels = exported(site, out, "--community")
    assert (labels["entries"], labels["events"], labels["scope"]) == (2, 1, "community")
    site.redis.flushall()
    found = run(site, "lookup", "--store", str(out), "EVIL.example", "--format", "json")
    assert json.loads(found.stdout)["hits"] == [
        {"event_uuid": UUID, "event_id": "7", "type": "domain", "category": "Network activity",
         "to_ids": True, "date": "2026-01-01", "tlp": "amber"}
    ]  # fmt: skip
    run(site, "lookup", "--store", str(out), "nothing", code=1)


def test_a_key_a_limit_and_an_end(site: SiteUnderTest, tmp_path: Path) -> None:
    out, key = tmp_path / "export.wfh", tmp_path / "key"
    exported(site, out, "--community", "--key", str(key), "--days", "1")
    assert digest("evil.example")[4:12] not in out.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert "event 7" in run(site, "lookup", "--store", str(out), "--key", str(key), "evil.example").stdout
    assert "made with a key" in run(site, "lookup", "--store", str(out), "evil.example", code=2).stderr
    other = tmp_path / "other"
    other.write_text("00" * 32)
    assert "not the key" in run(site, "lookup", "--store", str(out), "--key", str(other), "x", code=2).stderr
    assert exported(site, out, "--community", "--tlp", "green")["entries"] == 0
    with Archive(out) as archive:
        assert not archive.expired(2e9)
    exported(site, out, "--community", "--days", "1")
    with Archive(out) as archive:
        assert archive.expired(4e9)


@pytest.mark.parametrize("damage", ["cut", "flip", "grow", "other", "labels"])
def test_a_damaged_export_is_refused(site: SiteUnderTest, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "export.wfh"
    exported(site, out, "--community")
    whole = out.read_bytes()
    flipped = whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:]
    out.write_bytes({"cut": whole[:-1], "flip": flipped, "grow": whole + b"x", "other": b"x" + whole[1:],
                     "labels": whole[:20] + b"\0" + whole[21:]}[damage])  # fmt: skip
    with pytest.raises(ArchiveError, match=r"damaged|cut off|no export"):
        Archive(out)


def test_an_export_can_be_signed(site: SiteUnderTest, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.fail("the tests need ssh-keygen: apt install openssh-client")
    key, out = tmp_path / "id", tmp_path / "export.wfh"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    exported(site, out, "--community", "--sign", str(key))
    allowed = tmp_path / "allowed"
    allowed.write_text("watchfloor " + key.with_suffix(".pub").read_text())
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "watchfloor", "-n",
              "watchfloor-hashstore", "-s", f"{out}.sig"]  # fmt: skip
    assert subprocess.run(verify, input=out.read_bytes(), capture_output=True, check=False).returncode == 0


def test_a_bloom_file_is_written_with_its_rate(site: SiteUnderTest, tmp_path: Path) -> None:
    out = tmp_path / "known.bloom"
    about = exported(site, out, "--community", "--bloom", "--tlp", "amber", "--days", "30")
    bloom = poppy.load(str(out))
    assert bloom.contains_str(hashlib.sha256(b"evil.example").hexdigest()[8:24])
    assert not bloom.contains_str(hashlib.sha256(b"absent.example").hexdigest()[8:24])
    assert about["false_positive_rate_measured"] < 0.01
    assert (about["scope"], about["tlp"], about["source"]) == ("community", "amber", "files:event.json")
    assert about["expires"] > about["created"]
    assert json.loads((tmp_path / "known.bloom.json").read_text()) == about == json.loads(bytes(bloom.data))
    assert sorted(path.name for path in tmp_path.glob("*known*")) == ["known.bloom", "known.bloom.json"]


def test_a_bloom_file_has_the_layout_of_dcso(site: SiteUnderTest, tmp_path: Path) -> None:
    out = tmp_path / "known.bloom"
    exported(site, out, "--community", "--bloom")
    # Little-endian: version, capacity, rate, hash functions, bits, elements; then the bits, in words of 64.
    version, capacity, rate, functions, bits, elements = struct.unpack_from("<QQdQQQ", out.read_bytes())
    assert (version, capacity, rate, elements) == (1, 2, 1e-4, 2)
    assert bits == math.floor(-capacity * math.log(rate) / math.log(2) ** 2)
    assert functions == math.ceil(math.log(2) * bits / capacity)
    assert out.read_bytes()[48 + 8 * math.ceil(bits / 64) :].startswith(b"{")


def test_the_bloom_of_dcso_answers_as_the_file_says(site: SiteUnderTest, tmp_path: Path) -> None:
    about = exported(site, tmp_path / "known.bloom", "--community", "--bloom")
    (tmp_path / "values.txt").write_text("absent.example\nEVIL.example\na  b\\c\n")

    def ask(command: str) -> str:
        return subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    digits = hashlib.sha256(b"evil.example").hexdigest()[8:24]
    assert ask(about["check"]) == f"{digits}\n"
    assert ask(about["check"].replace("evil", "absent")) == ""
    assert ask(about["check_list"]) == f"{digits} evil.example\n"
    assert json.loads(ask("bloom get-data known.bloom")) == about
    assert "Elements present:\t2" in ask("bloom show known.bloom")


def test_a_bloom_file_is_no_export(site: SiteUnderTest, tmp_path: Path) -> None:
    out = tmp_path / "known.bloom"
    exported(site, out, "--community", "--bloom")
    told = run(site, "lookup", "--store", str(out), "evil.example", code=2).stderr
    assert f"{out} is a Bloom file, which tells of no events: ask it as the .json beside it says" in told


def test_the_client_needs_nothing_but_python(site: SiteUnderTest, tmp_path: Path) -> None:
    out, client = tmp_path / "export.wfh", tmp_path / "lookup.pyz"
    exported(site, out, "--community")
    client.write_bytes(run(site, "client").stdout_bytes)

    def ask(*arguments: str, given: str = "") -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", str(client), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd="/")
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    assert ask("--store", str(out), "evil[.]example")[0] == 0
    assert ask("--store", str(out), given="nothing\n") == (1, "")
    assert ask("--store", "/nowhere", "x")[0] == 2
    assert "event 7" in ask("--store", str(out), "--log", "-f", "-", given="see http://evil.example/\n")[1]
    assert (
        ask("--store", str(out), "--format", "table", "evil.example")[1].splitlines()[0].startswith("value")
    )
    rows = list(csv.DictReader(io.StringIO(ask("--store", str(out), "--format", "csv", "evil.example")[1])))
    assert (rows[0]["event_uuid"], rows[0]["to_ids"]) == (UUID, "1")


@pytest.mark.parametrize("program", ["client", "watchfloor"])
def test_who_stops_reading_is_not_complained_to(site: SiteUnderTest, tmp_path: Path, program: str) -> None:
    """As `| head` does; and it does not end as if nothing were known."""
    out, client = tmp_path / "export.wfh", tmp_path / "lookup.pyz"
    exported(site, out, "--community")
    client.write_bytes(run(site, "client").stdout_bytes)
    run_it = [str(client)] if program == "client" else ["-m", "watchfloor", "hashstore", "lookup"]
    command = [sys.executable, *run_it, "--store", str(out)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, input=b"evil.example\n", stdout=writing, stderr=-1, cwd=tmp_path, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr


@pytest.mark.parametrize("program", ["client", "watchfloor"])
def test_who_interrupts_is_told_that_it_is_not_the_whole(
    site: SiteUnderTest, tmp_path: Path, program: str
) -> None:
    out, client = tmp_path / "export.wfh", tmp_path / "lookup.pyz"
    exported(site, out, "--community")
    client.write_bytes(run(site, "client").stdout_bytes)
    run_it = [str(client)] if program == "client" else ["-m", "watchfloor", "hashstore", "lookup"]
    command = [sys.executable, *run_it, "--store", str(out)]
    reading, writing = os.pipe()
    with subprocess.Popen(command, stdin=reading, stdout=-1, stderr=-1, cwd=tmp_path) as process:
        os.write(writing, b"evil.example\n")
        assert process.stdout is not None
        assert b"event 7" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    os.close(reading)
    os.close(writing)
    assert process.returncode == 2, said
    assert said.endswith(b": interrupted: not all of it was looked up\n")
    assert b"Traceback" not in said


@pytest.mark.parametrize("log", [False, True])
def test_the_client_answers_about_a_large_file_in_order(
    site: SiteUnderTest, tmp_path: Path, log: bool
) -> None:
    out, client, large = tmp_path / "export.wfh", tmp_path / "lookup.pyz", tmp_path / "large"
    exported(site, out, "--community")
    client.write_bytes(run(site, "client").stdout_bytes)
    known = {1: "evil.example", 150_000: hashlib.md5(b"malware").hexdigest(), 299_999: "EVIL.example"}
    other = "line {} of a log" if log else "n{}.example"
    large.write_text("\n".join(known.get(n) or other.format(n) for n in range(300_000)))
    assert large.stat().st_size > 1 << 22
    command = [sys.executable, str(client), "--store", str(out), "-f", str(large), "--format", "json"]
    command += ["--log"] if log else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == list(known.values())
    assert "Traceback" not in done.stderr


def test_the_client_never_ends_as_if_nothing_were_known(site: SiteUnderTest, tmp_path: Path) -> None:
    """A damaged export that nobody checked: Python ends with 1 where a program fails."""
    out, program = tmp_path / "export.wfh", tmp_path / "lookup.pyz"
    exported(site, out, "--community")
    program.write_bytes(run(site, "client").stdout_bytes)
    whole, entry = out.read_bytes(), digest("evil.example")[4:12]
    at = whole.index(entry) + len(entry)
    out.write_bytes(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :])
    command = [sys.executable, "-I", "-S", str(program), "--store", str(out), "evil.example"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    assert subprocess.run([*command, "--no-verify"], capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize(
    "module", sorted(Path(portable.__file__).parent.glob("*.py")), ids=lambda one: one.stem
)
def test_the_client_is_written_for_older_pythons_as_well(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
    }
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


@contextmanager
def redis_on(folder: Path) -> Iterator[str]:
    """The URL of a Redis that starts on what is in the folder."""
    folder.mkdir(exist_ok=True)
    socket = folder / "redis.sock"
    options = {"port": 0, "unixsocket": socket, "dir": folder, "save": ""}
    command = [
        "redis-server",
        *(text for name, value in options.items() for text in (f"--{name}", str(value))),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(socket.exists, "a Redis")
            yield f"unix://{socket}"
        finally:
            process.kill()


def test_redis_own_dump_can_be_carried_elsewhere(make_site: SiteMaker, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps(event()))
    with redis_on(tmp_path / "here") as url:
        site = make_site(plugins={"hashstore": {"redis": {"url": url}}})
        run(site, "import", str(tmp_path / "event.json"))
        with connect(StoreSettings(url=url)) as redis:
            redis.save()
    (tmp_path / "there").mkdir()
    shutil.copy(tmp_path / "here" / "dump.rdb", tmp_path / "there")
    with redis_on(tmp_path / "there") as url:
        elsewhere = make_site(plugins={"hashstore": {"redis": {"url": url}}})
        assert "event 7" in run(elsewhere, "lookup", "--org", "1", "evil.example").stdout
