"""A hundred thousand hostile inputs: none breaks anything, each is counted, and good ones are not lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.request import urlopen

from books import check, frame, store
from hostile import NAMES, inputs, wrong_types
from lab import Lab, Server, until
from publisher import publishing
from watchfloor_ledger import ACTIVITIES, ORGS, RAW

from watchfloor import misp
from watchfloor.errors import UndecodableError
from watchfloor.misp import Message, UnknownTopicError
from watchfloor.store import failures
from watchfloor.store.clients import Commands
from watchfloor.store.keys import FEED_STATS, WORKER_STATS
from watchfloor.store.streams import storable

MANY = 100_000
OVER_ZMQ = 10_000
GOOD_EVERY = 20


def mixed(bad: Iterable[bytes]) -> Iterator[bytes]:
    """A good message after each twentieth bad one."""
    for number, one in enumerate(bad, 1):
        yield one
        if number % GOOD_EVERY == 0:
            yield frame(number // GOOD_EVERY - 1)


def expected_failures(frames: Iterable[bytes]) -> Counter[str]:
    """What cannot be understood, by kind; the ledger takes one topic that the core does not know."""
    found: Counter[str] = Counter()
    for one in frames:
        topic, body = misp.split(storable(one)[1])
        try:
            misp.decode(Message("misp", topic, body, 1.8e9))
        except UnknownTopicError:
            found["ledger" if topic == "misp_json_ledger" else "core:unknown-topic"] += 1
        except UndecodableError:
            found["core:undecodable"] += 1
    return found


def check_the_books(redis: Commands, frames: list[bytes], good: int) -> None:
    """Each message is counted exactly once: as a failure of its kind, or as what it means."""
    check(redis, range(good))
    expected = expected_failures(frames)
    assert int(redis.hget(RAW(), "misp_json_ledger") or 0) == expected.pop("ledger")
    assert failures.counts(redis) == expected
    stats = {name.decode(): int(count) for name, count in redis.hgetall(WORKER_STATS()).items()}
    assert stats["messages"] == len(frames)
    assert stats["failures"] == expected.total()
    told = {f"activities:{name.decode()}": int(count) for name, count in redis.hgetall(ACTIVITIES()).items()}
    assert told == {name: count for name, count in stats.items() if name.startswith("activities:")}


def test_a_hundred_thousand_through_the_stream(lab: Lab, server: Server) -> None:
    plugins = {"ledger": {}, "trendings": {"top": 100}}
    lab.configure(redis={"url": server.url}, plugins=plugins)
    typed = wrong_types(7)
    redis, frames = lab.connect(server.url), list(mixed([*typed, *inputs(7, MANY - len(typed))]))
    store(redis, frames)
    assert lab.succeed("work", "--drain").startswith(f"{len(frames):,} messages in ")
    check_the_books(redis, frames, MANY // GOOD_EVERY)
    assert all(redis.get(ORGS(org=name)) for name in NAMES if name)
    check_what_people_see(lab)


def check_what_people_see(lab: Lab) -> None:
    """Names are text, on a terminal and in a browser; and all of it can be removed again."""
    listed = lab.succeed("failures", "list", "--limit", "500")
    assert all(character.isprintable() or character == "\n" for character in listed)
    serving = lab.start("serve")
    serving.until("serving at ")
    for path in ("", "trendings/?from=2024-10-21&to=2024-10-21"):
        with urlopen(serving.address + path) as answer:
            page = answer.read().decode()
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert serving.stop() == 0
    assert "keys deleted" in lab.succeed("clean", "--yes")


def test_ten_thousand_over_zmq(lab: Lab, server: Server) -> None:
    frames = list(mixed(inputs(8, OVER_ZMQ)))
    with publishing(frames, group=0) as publisher:
        lab.configure(redis={"url": server.url}, feeds=[{"name": "misp", "url": publisher.url}])
        redis = lab.connect(server.url)
        subscriber = lab.start("subscribe")
        until(publisher.met.is_set, "the subscription")
        publisher.end()
    until(lambda: int(redis.hget(FEED_STATS(feed="misp"), "messages") or 0) >= len(frames), "all of them")
    assert subscriber.stop() == 0
    lab.succeed("work", "--drain")
    check_the_books(redis, frames, OVER_ZMQ // GOOD_EVERY)
