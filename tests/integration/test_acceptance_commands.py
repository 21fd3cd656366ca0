"""The commands that look at, mend and remove what is there, as processes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from books import check, frame, store
from lab import Lab, Server, until
from watchfloor_ledger import TOTAL

from watchfloor.store.clients import Commands
from watchfloor.store.keys import FAILURE_COUNTS, FAILURES, LEASE


@pytest.fixture
def redis(lab: Lab, server: Server) -> Commands:
    """A Redis with 20 messages worked off, of which 5 and 15 failed, and a key of somebody else."""
    lab.configure(redis={"url": server.url})
    redis = lab.connect(server.url)
    store(redis, (frame(number, "fail" if number in (5, 15) else "") for number in range(20)))
    lab.succeed("work", "--drain")
    check(redis, [number for number in range(20) if number not in (5, 15)])
    redis.set("somebody:else", "precious")
    return redis


def failed(lab: Lab, *options: str) -> list[dict[str, Any]]:
    """The failures that the command line tells of."""
    listed: list[dict[str, Any]] = json.loads(lab.succeed("failures", "list", "--json", *options))["failures"]
    return listed


def test_failures_are_listed_shown_and_dropped(lab: Lab, redis: Commands) -> None:
    second, first = failed(lab)
    assert (first["plugin"], first["kind"], first["topic"]) == ("ledger", "handler", "misp_json_attribute")
    assert first["error"].startswith("ValueError: this one was asked to fail")
    listed = lab.succeed("failures", "list")
    assert first["entry"] in listed
    assert "2 ledger:handler ever" in listed
    shown = lab.succeed("failures", "show", first["entry"])
    for words in ("plugin: ledger", "watchfloor_ledger.py:", "in fail", "retriable: True", '"value": "5"'):
        assert words in shown
    assert lab.succeed("failures", "drop", first["entry"]) == "1 dropped\n"
    assert failed(lab) == [second]
    assert failed(lab, "--plugin", "trendings") == []
    assert lab.succeed("failures", "drop", "--all", "--plugin", "trendings") == "0 dropped\n"
    assert lab.succeed("failures", "drop", "--all") == "1 dropped\n"
    assert "No failures are kept." in lab.succeed("failures", "list")
    assert redis.hget(FAILURE_COUNTS(), "ledger:handler") == b"2"


def test_failures_are_retried(lab: Lab, redis: Commands) -> None:
    second, first = failed(lab)
    done = lab.run("failures", "retry", "--all")
    assert done.returncode == 1
    assert done.stdout == "0 passed, 2 failed again\n"
    assert done.stderr.count("ValueError: this one was asked to fail") == 2
    lab.environment["LEDGER_MENDED"] = "yes"
    assert lab.succeed("failures", "retry", first["entry"]) == "1 passed, 0 failed again\n"
    assert lab.succeed("failures", "retry", "--all", "--plugin", "ledger") == "1 passed, 0 failed again\n"
    assert redis.get(TOTAL()) == b"20"
    assert redis.zscore("TRENDINGS_CATEGS:20241021", "Other") == 20
    assert failed(lab) == []
    assert f"no failure has the ID {second['entry']}" in lab.refused("failures", "retry", second["entry"])
    assert "no failure has the ID x" in lab.refused("failures", "show", "x")
    done = lab.run("failures", "retry")
    assert (done.returncode, "name the IDs of failures, or say --all" in done.stderr) == (2, True)


def test_what_redis_refuses_is_told_in_a_sentence(lab: Lab, redis: Commands) -> None:
    redis.delete(FAILURES())
    redis.set(FAILURES(), "of another type")
    said = lab.refused("failures", "list")
    assert "answers with an error (WRONGTYPE" in said
    assert "Traceback" in lab.run("-v", "failures", "list").stderr


def test_clean_asks_and_removes_what_is_declared(lab: Lab, redis: Commands) -> None:
    before = sorted(redis.keys("*"))
    told = lab.succeed("clean", "--dry-run")
    assert "TRENDINGS_CATEGS:{date}" in told
    assert "ledger:counts:{feed}" in told
    done = lab.run("clean", answers="n\n")
    assert done.returncode == 1
    assert f"Delete these {len(before) - 1} keys? There is no way back" in done.stdout
    assert sorted(redis.keys("*")) == before
    assert f"{len(before) - 1} keys deleted." in lab.succeed("clean", answers="y\n")
    assert redis.keys("*") == [b"somebody:else"]
    assert lab.succeed("clean", "--yes") == "There is nothing to delete.\n"


def test_clean_leaves_the_keys_of_plugins_that_are_off_and_of_other_prefixes(
    lab: Lab, redis: Commands, server: Server
) -> None:
    lab.configure(redis={"url": server.url, "prefix": "other:"})
    assert lab.succeed("clean", "--yes") == "There is nothing to delete.\n"
    lab.configure(redis={"url": server.url}, plugins={"trendings": {}})
    lab.succeed("clean", "--yes")
    left = {key.decode().partition(":")[0] for key in redis.keys("*")}
    assert left == {"somebody", "ledger"}


def test_clean_does_not_disturb_a_worker(lab: Lab, redis: Commands) -> None:
    worker = lab.start("work")
    until(lambda: redis.exists(LEASE(name="worker")), "a worker")
    assert "a worker is running" in lab.refused("clean", "--yes")
    assert worker.stop() == 0
    assert redis.get(TOTAL()) == b"18"


def test_prune_applies_retention(lab: Lab, redis: Commands, server: Server) -> None:
    assert lab.succeed("prune").startswith("0 keys")
    recent = f"TRENDINGS_TAGS:{datetime.now(UTC) - timedelta(days=29):%Y%m%d}"
    redis.zincrby(recent, 1, "x")
    lab.configure(redis={"url": server.url}, plugins={"trendings": {"retention_days": 30}})
    assert lab.succeed("prune").startswith("2 keys were past their retention")
    assert not redis.exists("TRENDINGS_CATEGS:20241021", "TRENDINGS_TYPES:20241021")
    assert redis.exists(recent)
    assert redis.exists("somebody:else")


def test_keys_tells_what_is_declared_and_how_much_there_is(lab: Lab, redis: Commands) -> None:
    rows = {row["pattern"]: row for row in json.loads(lab.succeed("keys", "--json"))}
    total = rows["ledger:total"]
    assert total.pop("bytes") > 0
    assert total == {"owner": "ledger", "pattern": "ledger:total", "type": "string", "kept": "until removed",
                     "meaning": "numbers of all feeds", "keys": 1}  # fmt: skip
    assert rows["TRENDINGS_CATEGS:{date}"]["keys"] == 1
    assert rows["TRENDINGS_SIGHT_sightings:{date}"]["keys"] == 0
    assert rows["watchfloor:cursors"]["owner"] == "core"
    table = lab.succeed("keys")
    assert "TRENDINGS_CATEGS:{date}" in table
    assert "1 other keys are in this database" in table
    assert "bytes" not in json.loads(lab.succeed("keys", "--json", "--no-count"))[0]


def test_plugins_tells_what_each_declares(lab: Lab) -> None:
    lab.configure(plugins={"ledger": {}})
    ledger, *others = json.loads(lab.succeed("plugins", "--json"))
    named = {name: ledger[name] for name in ("name", "version", "distribution", "state")}
    assert named == {
        "name": "ledger",
        "version": "1.0",
        "distribution": "watchfloor-ledger",
        "state": "enabled",
    }
    assert ledger["activities"] == ["Activity", "AttributeShared"]
    assert ledger["topics"] == ["misp_json_ledger"]
    assert "ledger:counts:{feed}" in ledger["keys"]
    assert ledger["channels"] == ["ledger/entries", "ledger/hundreds"]
    assert "after_commit" in ledger["hooks"]
    assert ("trendings", "not enabled") in [(other["name"], other["state"]) for other in others]
    assert "not enabled" in lab.succeed("plugins")


def test_config_shows_where_values_come_from_and_no_secrets(lab: Lab) -> None:
    lab.environment |= {"SECRET_OF_REDIS": "hunter2", "WATCHFLOOR_WEB__HOST": "127.0.0.2"}
    lab.configure(
        redis={"url": "redis://:hunter3@127.0.0.1/0", "password": "$env:SECRET_OF_REDIS"},
        feeds=[{"name": "a", "url": "tcp://127.0.0.1:1", "username": "u", "password": "hunter4"}],
    )
    text = lab.succeed("--set", "web.port=9999", "config")
    as_json = lab.succeed("--set", "web.port=9999", "config", "--json")
    assert "hunter" not in text + as_json
    found = {entry["path"]: entry for entry in json.loads(as_json)}
    assert found["web.port"]["shown"] in (9999, "9999")
    origins = {path: found[path]["origin"] for path in ("web.port", "web.host", "timezone", "worker.batch")}
    assert origins["web.port"] == "command line"
    assert "WATCHFLOOR_WEB__HOST" in origins["web.host"]
    assert str(lab.file) in origins["timezone"]
    assert origins["worker.batch"] == "default"
