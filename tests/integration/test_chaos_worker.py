"""Workers that are killed, paused and doubled: every message counts exactly once, in order."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from books import CATEGORIES, check_all, frame, store, total, wait
from lab import Lab, Server, until

from watchfloor.store.clients import Commands
from watchfloor.store.keys import LEASE
from watchfloor.store.streams import Appender


def holder(redis: Commands) -> int:
    """The process id of the worker at work; 0 when there is none."""
    value = redis.get(LEASE(name="worker"))
    return int(value.decode().split(":")[1]) if value else 0


class Load:
    """Messages that keep coming on several feeds, some hundreds a second on each, until `end`."""

    def __init__(self, redis: Commands, *feeds: str) -> None:
        self.counts = dict.fromkeys(feeds, 0)
        self._redis = redis
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._append)
        self._thread.start()

    def _append(self) -> None:
        with ExitStack() as stack:
            appenders = [stack.enter_context(Appender(self._redis, feed, 6.0)) for feed in self.counts]
            while not self._stop.wait(0.02):
                for appender in appenders:
                    first = self.counts[appender.feed]
                    appender.append([(frame(number), None) for number in range(first, first + 50)])
                    self.counts[appender.feed] += 50

    def end(self) -> dict[str, Sequence[int]]:
        """Stop; the numbers of what was sent, by feed."""
        self._stop.set()
        self._thread.join()
        return {feed: range(count) for feed, count in self.counts.items()}


@pytest.fixture
def load(lab: Lab, server: Server) -> Iterator[Load]:
    """Messages on two feeds."""
    load = Load(lab.connect(server.url), "alpha", "beta")
    yield load
    load.end()


def check_in_the_end(redis: Commands, load: Load) -> None:
    """Everything that was sent is counted, once, in order."""
    sent = load.end()
    expected = sum(len(numbers) for numbers in sent.values())
    wait(redis, expected)
    check_all(redis, sent)
    # Both feeds tell of the same attributes, which trendings counts once.
    assert redis.zscore(CATEGORIES, "Other") == max(len(numbers) for numbers in sent.values())


def test_kill_9_at_random_moments(lab: Lab, server: Server, load: Load) -> None:
    """The worker at work is killed again and again, and its standby takes over in the midst of it."""
    lab.configure(redis={"url": server.url}, worker={"lease_seconds": 0.4, "batch": 40})
    redis, chance = lab.connect(server.url), random.Random(1)
    workers = {worker.pid: worker for worker in (lab.start("work"), lab.start("work"))}
    for _ in range(16):
        until(lambda: holder(redis) in workers, "a worker at work")
        seen = total(redis)
        until(lambda: total(redis) > seen, "progress")  # noqa: B023 (used up before it changes)
        time.sleep(chance.uniform(0, 0.1))
        workers.pop(holder(redis)).kill()
        fresh = lab.start("work")
        workers[fresh.pid] = fresh
    check_in_the_end(redis, load)


def test_messages_so_large_that_many_of_them_take_longer_than_the_lease(lab: Lab, server: Server) -> None:
    lab.configure(redis={"url": server.url}, worker={"lease_seconds": 0.4})
    redis = lab.connect(server.url)
    padding = b'"' + 2_000_000 * b"x"
    store(redis, (frame(number).replace(b'"Load', padding) for number in range(150)), group=10)
    worker = lab.start("work")
    wait(redis, 150)
    worker.stop()
    check_all(redis, {"misp": range(150)})


def test_a_worker_that_is_paused_for_longer_than_its_lease(lab: Lab, server: Server, load: Load) -> None:
    """Its standby takes over within seconds, and what the paused one had in hand is void when it wakes."""
    lab.configure(redis={"url": server.url}, worker={"lease_seconds": 1.0, "batch": 40})
    redis, chance = lab.connect(server.url), random.Random(2)
    workers = {worker.pid: worker for worker in (lab.start("work"), lab.start("work"))}
    for _ in range(3):
        until(lambda: holder(redis) in workers, "a worker at work")
        time.sleep(chance.uniform(0.05, 0.3))
        paused = holder(redis)
        workers[paused].signal(signal.SIGSTOP)
        stopped, seen, turns = time.monotonic(), total(redis), workers[paused].text.count("standing by")
        until(lambda: holder(redis) not in (0, paused), "another holder")  # noqa: B023 (used up before it changes)
        until(lambda: total(redis) > seen, "progress of the other")  # noqa: B023
        assert time.monotonic() - stopped < 4
        workers[paused].signal(signal.SIGCONT)
        until(lambda: workers[paused].text.count("standing by") > turns, "the end of its turn")  # noqa: B023
    check_in_the_end(redis, load)
    assert all(worker.alive() for worker in workers.values())
    assert [worker.stop() for worker in workers.values()] == [0, 0]
