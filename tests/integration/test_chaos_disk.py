"""A disk that is full: what is wrong is said, what was received is kept, and all of it counts later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from books import check_all, total, wait
from disk import CAN_MOUNT, Disk, limit, tmpfs
from lab import Lab, Server, answers, until
from publisher import publishing

from watchfloor.store.embedded import EmbeddedServer

DISKS = [limit, tmpfs] if CAN_MOUNT else [limit]


@pytest.mark.parametrize("make", DISKS)
def test_the_spool_meets_a_full_disk(
    make: Callable[[Path], AbstractContextManager[Disk]], lab: Lab, server: Server
) -> None:
    """Redis is away as well: messages stay in memory, and come in order when it is back."""
    with make(lab.folder / "disk") as disk, publishing() as publisher:
        lab.configure(
            redis={"url": server.url},
            data=str(disk.path),
            feeds=[{"name": "misp", "url": publisher.url}],
            worker={"lease_seconds": 1.0},
        )
        redis = lab.connect(server.url)
        subscriber, worker = lab.start("subscribe"), lab.start("work")
        until(lambda: total(redis) > 200, "a beginning")
        server.kill()
        until(lambda: "messages go to" in subscriber.text, "the spool in use")
        disk.fill(subscriber.pid)
        subscriber.until("messages are kept in memory, ")
        assert str(disk.path / "spool" / "misp.sqlite3") in subscriber.text
        publisher.wait(500)
        server.revive()
        until(lambda: total(redis) > 0, "Redis again")
        disk.free(subscriber.pid)
        sent = publisher.end()
        wait(redis, len(sent))
        assert (subscriber.stop(), worker.stop()) == (0, 0)
    check_all(redis, {"misp": sent})


@pytest.mark.parametrize("make", [one for one in DISKS if one is tmpfs])
def test_a_whole_site_on_a_full_disk(make: Callable[[Path], AbstractContextManager[Disk]], lab: Lab) -> None:
    """The embedded server ends, and the spool finds no room either; with room again nothing is missing."""
    with make(lab.folder / "disk") as disk, publishing() as publisher:
        lab.configure(
            data=str(disk.path),
            feeds=[{"name": "misp", "url": publisher.url}],
            worker={"lease_seconds": 1.0},
        )
        run = lab.start("run")
        run.until("ready after")
        url = EmbeddedServer(disk.path).url
        redis = lab.connect(url)
        until(lambda: total(redis) > 200, "a beginning")
        disk.fill()
        run.until("(the disk is full): make room, or set 'data' to another folder")
        run.until("messages are kept in memory")
        publisher.wait(500)
        assert run.alive()
        disk.free()
        until(lambda: answers(url), "the server again")
        sent = publisher.end()
        wait(redis, len(sent))
        check_all(redis, {"misp": sent})
        assert run.stop() == 0


@pytest.mark.parametrize("make", [one for one in DISKS if one is tmpfs])
def test_a_disk_that_is_full_from_the_start(
    make: Callable[[Path], AbstractContextManager[Disk]], lab: Lab, server: Server
) -> None:
    with make(lab.folder / "disk") as disk:
        disk.fill()
        lab.configure(data=str(disk.path / "data"))
        assert "(the disk is full): make room, or set 'data' to another folder" in lab.refused("run")
        lab.configure(redis={"url": server.url}, data=str(disk.path / "data"))
        assert "No space left on device" in lab.refused("run")
