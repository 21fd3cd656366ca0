"""Redis is killed, stopped, and paused while messages come: nothing is lost, doubled or out of order."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

from books import CATEGORIES, check_all, total, wait
from lab import Lab, Server, answers, children, exists, pid_of, server_in, until
from publisher import Publisher, publishing

from watchfloor.store.clients import Commands
from watchfloor.store.embedded import EmbeddedServer

AWAY = 10.0


def check_in_the_end(redis: Commands, publisher: Publisher) -> None:
    """All that was published is counted, once, in order."""
    sent = publisher.end()
    wait(redis, len(sent))
    check_all(redis, {"misp": sent})
    assert redis.zscore(CATEGORIES, "Other") == len(sent)


class Outage:
    """A site with a feed, whose Redis goes away for a while."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        folder.mkdir()
        self.server: Server = stack.enter_context(server_in(folder / "redis"))
        self.publisher = stack.enter_context(publishing())
        self.lab = Lab(folder, stack)
        self.lab.configure(
            redis={"url": self.server.url, "timeout": 1.0},
            worker={"lease_seconds": 1.0, "stuck_seconds": 8.0},
            feeds=[{"name": "misp", "url": self.publisher.url}],
        )
        self.roles = [self.lab.start("subscribe"), self.lab.start("work")]

    def check(self) -> None:
        """Nothing was lost, and the processes are those of the beginning."""
        check_in_the_end(self.lab.connect(self.server.url), self.publisher)
        assert all(role.alive() for role in self.roles)
        assert [role.stop() for role in self.roles] == [0, 0]
        assert self.lab.tracebacks() == []


def test_redis_away_for_ten_seconds(tmp_path: Path) -> None:
    """One is killed and comes back, another one is paused and goes on, both under load."""
    with ExitStack() as stack:
        outages = [Outage(tmp_path / name, stack) for name in ("killed", "paused")]
        for outage in outages:
            redis = outage.lab.connect(outage.server.url)
            until(lambda: total(redis) > 500, "a good beginning")  # noqa: B023 (used up before it changes)
        killed, paused = (outage.server for outage in outages)
        os.kill(paused.pid, signal.SIGSTOP)
        killed.kill()
        time.sleep(AWAY)
        killed.revive()
        os.kill(paused.pid, signal.SIGCONT)
        for outage in outages:
            outage.publisher.wait(500)
            outage.check()


def test_roles_by_themselves_keep_the_embedded_server(lab: Lab) -> None:
    """It is killed, and then whoever started it ends: each time another role starts it again."""
    with publishing() as publisher:
        lab.configure(feeds=[{"name": "misp", "url": publisher.url}], worker={"lease_seconds": 1.0})
        work = lab.start("work")
        url = EmbeddedServer(lab.folder / "data").url
        until(lambda: answers(url), "a server")
        subscribe, redis = lab.start("subscribe"), lab.connect(url)
        until(lambda: total(redis) > 100, "a beginning")
        first = pid_of(url)
        os.kill(first, signal.SIGKILL)
        until(lambda: answers(url), "another server")
        assert pid_of(url) != first
        before = total(redis)
        until(lambda: total(redis) > before, "progress")
        assert work.stop() == 0
        again = lab.start("work")
        until(lambda: answers(url) and total(redis) > before + 500, "progress again")
        check_in_the_end(redis, publisher)
        assert (again.stop(), subscribe.stop()) == (0, 0)


def test_kill_9_of_the_embedded_server_at_random_moments(lab: Lab) -> None:
    """All in one go, as people run it: the server is started again, and everything goes on."""
    with publishing() as publisher:
        lab.configure(
            feeds=[{"name": "misp", "url": publisher.url}],
            worker={"lease_seconds": 1.0, "batch": 50},
        )
        run = lab.start("run")
        run.until("ready after")
        server, chance = EmbeddedServer(lab.folder / "data"), random.Random(4)
        redis, roles = lab.connect(server.url), set(children(run.pid))
        for _ in range(7):
            before = total(redis)
            until(lambda: total(redis) > before, "progress")  # noqa: B023 (used up before it changes)
            time.sleep(chance.uniform(0, 0.3))
            pid = pid_of(server.url)
            os.kill(pid, signal.SIGKILL)
            until(lambda: not exists(pid), "the end of the server")  # noqa: B023
            until(lambda: answers(server.url), "another server")
        publisher.wait(500)
        check_in_the_end(redis, publisher)
        assert len(roles & set(children(run.pid))) == 3
        assert run.stop() == 0
