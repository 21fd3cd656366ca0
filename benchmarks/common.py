"""What the benchmarks share: rows of the table, a Redis of their own, prepared messages, processes."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from watchfloor.config.settings import RedisSettings
from watchfloor.simulate import Message, World, history
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer


class Row(NamedTuple):
    """One figure: what was measured, the value with its unit, and what bounds it or how it was got."""

    what: str
    value: str
    note: str = ""


class Bench(NamedTuple):
    """A private Redis with appendfsync always, as `watchfloor run` starts one, and a folder."""

    folder: Path
    url: str
    redis: Any

    @property
    def options(self) -> tuple[str, ...]:
        """What makes a `watchfloor` process use both."""
        return ("--set", f"redis.url={self.url}", "--set", f"data={self.folder}")


@contextmanager
def bench() -> Iterator[Bench]:
    """A folder and a Redis that go away with the benchmark."""
    with (
        tempfile.TemporaryDirectory() as name,
        EmbeddedServer(Path(name)) as server,
        connect(RedisSettings(), server.url, role="bench") as redis,
    ):
        yield Bench(Path(name), server.url, redis)


def messages(count: int, seed: int = 1) -> list[Message]:
    """The simulator's mix: about so many messages of a week."""
    return list(history(World(seed), end=time.time(), days=7, count=count))


@contextmanager
def watchfloor(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `watchfloor` process that is stopped at the end."""
    command = [sys.executable, "-m", "watchfloor", "--set", "log.level=warning", *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        try:
            yield process
        finally:
            process.terminate()


def until(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait for a condition; a RuntimeError when it does not come true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise RuntimeError("the benchmark did not get as far as it should")
        time.sleep(0.005)
    return found


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a site on this port answers with its first page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def memory(pid: int) -> int:
    """Resident bytes of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
