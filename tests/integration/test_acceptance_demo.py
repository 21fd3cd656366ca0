"""`demo`, `simulate`, `replay` and `work --drain`, as processes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from books import frame, order, store
from lab import Lab, Server, answers, children, exists, free_port, until

from watchfloor.store.clients import Commands
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.keys import DEMO, FEED_STATS, LEASE, WORKER_STATS


def received(redis: Commands, feed: str) -> int:
    """How many messages of a feed were stored ever."""
    return int(redis.hget(FEED_STATS(feed=feed), "messages") or 0)


def test_a_demo_from_start_to_end(lab: Lab) -> None:
    port = free_port()
    options = ("--port", str(port), "--messages", "2000", "--days", "3")
    demo = lab.start("demo", *options, "--rate", "50")
    demo.until("ready: the messages are invented, and every page says so")
    redis = lab.connect(EmbeddedServer(lab.folder / "data" / "demo").url)
    for path in ("", "trendings/"):
        with urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
            assert "DEMO DATA" in answer.read().decode()
    assert re.search(r"history: 2,\d{3} messages of 3 days in", demo.text)
    assert received(redis, "demo") >= 2000
    until(lambda: received(redis, "demo") > 2020, "what is simulated live")
    running = {demo.pid, *children(demo.pid)}
    assert demo.stop() == 0
    until(lambda: not any(map(exists, running)), "the end of everything", 2)
    # The next one removes what this one left, and nothing asks.
    again = lab.start("demo", *options, "--rate", "0.1")
    again.until("ready")
    assert 2000 <= received(redis, "demo") < 3000
    assert again.stop() == 0


def test_a_demo_answers_lookups_with_the_key_that_it_tells(lab: Lab) -> None:
    # A Redis of the store's own may hold what is real: a demo leaves it alone.
    lab.configure(plugins={"activity": {}, "hashstore": {"redis": {"url": "redis://127.0.0.1:1/0"}}})
    demo = lab.start("demo", "--messages", "2000", "--days", "3", "--rate", "50")
    demo.until("ready: the messages are invented, and every page says so")
    url = demo.address.rstrip("/")
    (key,) = re.findall(r"hashstore: the API key of this demo is (\w{40})$", demo.text, re.MULTILINE)
    known = until(lambda: known_of(url, key), "a value of the live page in the store")
    options = ("hashstore", "lookup", "--server", url, "--api-key")
    assert lab.succeed(*options, key, known[0]).startswith(f"{known[0]}: event ")
    assert "This API key is wrong" in lab.refused(*options, "x", known[0], code=2)
    with urlopen(f"{url}/api/v1/panels/hashstore/store") as answer:
        sizes = {figure["name"]: figure["value"] for figure in json.load(answer)["figures"]}
    assert sizes["entries"] > 1000
    assert sizes["events"] > 10
    assert demo.stop() == 0


def known_of(url: str, key: str) -> list[str]:
    """Those of the domains and addresses on the live page that the store knows."""
    with urlopen(f"{url}/api/v1/panels/activity/attributes") as answer:
        rows = json.load(answer)["rows"]
    values = [row["value"] for row in rows if row["type"] in ("domain", "ip-dst", "ip-src", "sha256")]
    body, headers = json.dumps(values).encode(), {"authorization": key}
    with urlopen(Request(f"{url}/hashstore/lookup", body, headers)) as answer:
        results = json.load(answer)["results"]
    return [value for value, hits in zip(values, results, strict=True) if hits]


def test_a_demo_can_be_stopped_in_the_midst_of_its_history(lab: Lab) -> None:
    demo = lab.start("demo", "--messages", "2000000", "--days", "30")
    redis = lab.connect(EmbeddedServer(lab.folder / "data" / "demo").url)
    until(lambda: answers(redis.where), "a server")
    until(lambda: received(redis, "demo") > 1000, "a beginning")
    assert demo.stop(5) == 0


def test_a_demo_does_not_touch_real_data(lab: Lab, server: Server) -> None:
    lab.configure(redis={"url": server.url})
    redis = lab.connect(server.url)
    store(redis, [frame(1)])
    before = sorted(redis.keys("*"))
    assert "this Redis holds real data" in lab.refused("demo")
    assert sorted(key for key in redis.keys("*") if b"lease" not in key) == before
    assert not redis.exists(DEMO())


def test_a_demo_does_not_join_a_worker(lab: Lab, server: Server) -> None:
    lab.configure(redis={"url": server.url})
    work, redis = lab.start("work"), lab.connect(server.url)
    until(lambda: redis.exists(LEASE(name="worker")), "a worker")
    assert "a worker is running on this Redis" in lab.refused("demo")
    assert work.stop() == 0


def recording(folder: Path, numbers: range) -> Path:
    """A file with a message a line."""
    path = folder / f"recorded-{numbers.start}.txt"
    path.write_bytes(b"\n".join(map(frame, numbers)))
    return path


@pytest.mark.parametrize("working", [False, True])
def test_a_replay_counts_each_message_once_and_in_order(lab: Lab, server: Server, working: bool) -> None:
    lab.configure(redis={"url": server.url})
    redis = lab.connect(server.url)
    if working:
        lab.start("work")
        until(lambda: redis.exists(LEASE(name="worker")), "a worker")
    said = lab.succeed("replay", str(recording(lab.folder, range(1200))))
    assert said == "1,200 messages replayed as feed 'replay'\n"
    assert order(redis, "replay") == list(range(1200))
    piped = lab.succeed("replay", "--feed", "piped", "-", answers=frame(7).decode() + "\n")
    assert piped == "1 messages replayed as feed 'piped'\n"
    until(lambda: order(redis, "piped") == [7], "the one that was piped")


def test_events_are_replayed_on_their_own_days(lab: Lab, server: Server) -> None:
    lab.configure(redis={"url": server.url})
    attribute = {"id": "1", "uuid": "0cda0c2f-3c87-40dd-bbc8-c8ea40057738", "type": "number", "value": "3",
                 "category": "Other", "timestamp": "1729500000", "distribution": "5"}  # fmt: skip
    event = {"id": "5", "uuid": "5c9e9b1e-7a6c-4c4e-9a0c-0a1b2c3d4e5f", "info": "Old news", "published": True,
             "date": "2024-10-21", "timestamp": "1729500000", "distribution": "3",
             "Orgc": {"id": "2", "name": "Aurora"}, "Attribute": [attribute]}  # fmt: skip
    file = lab.folder / "event.json"
    file.write_text(json.dumps({"response": [{"Event": event}]}))
    lab.succeed("replay", str(file))
    redis = lab.connect(server.url)
    assert redis.zscore("TRENDINGS_EVENTS:20241021", "Old news") >= 1
    assert redis.zscore("TRENDINGS_CATEGS:20241021", "Other") == 1


def test_what_cannot_be_replayed_is_told(lab: Lab, server: Server) -> None:
    lab.configure(redis={"url": server.url}, feeds=[{"name": "live", "url": "tcp://127.0.0.1:1"}])
    empty, broken = lab.folder / "empty", lab.folder / "broken"
    empty.touch()
    broken.write_text("[{]\n")
    for path, why in ((empty, "empty"), (broken, "line 1"), (lab.folder / "missing", "No such file")):
        done = lab.run("replay", str(path))
        assert done.returncode == 1
        assert done.stdout == "0 messages replayed as feed 'replay'\n"
        assert done.stderr.startswith(f"not read: {path}")
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert "--feed live: is a live feed" in lab.refused("replay", "--feed", "live", str(empty))
    assert "--feed" in lab.refused("replay", "--feed", "a:b", str(empty), code=2)
    lab.connect(server.url).set(DEMO(), "1")
    assert "holds demo data" in lab.refused("replay", str(empty))


def test_simulate_until_a_count(lab: Lab, server: Server) -> None:
    url = f"tcp://127.0.0.1:{free_port()}"
    lab.configure(redis={"url": server.url}, feeds=[{"name": "misp", "url": url}])
    redis, subscriber = lab.connect(server.url), lab.start("subscribe")
    said = lab.succeed("simulate", "--count", "3000", "--rate", "0", "--url", url)
    assert said.startswith("3,000 messages in ")
    until(lambda: received(redis, "misp") == 3000, "all of them")
    assert subscriber.stop() == 0
    drained = lab.succeed("work", "--drain")
    assert drained.startswith("3,000 messages in ")
    assert drained.endswith(" a second)\n")
    assert lab.succeed("work", "--drain").startswith("0 messages in ")
    stats = redis.hgetall(WORKER_STATS())
    assert (stats[b"messages"], stats.get(b"failures")) == (b"3000", None)
