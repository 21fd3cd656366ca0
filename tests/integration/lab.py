"""A laboratory: `watchfloor` processes with a configuration, a folder and a Redis of their own.

What is started here is ended here, by its process id. Nothing else on the machine is touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from redis.exceptions import RedisError

from watchfloor.config.settings import RedisSettings
from watchfloor.store.clients import Commands
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.testing import until as until_

HERE = Path(__file__).parent
LEDGER = HERE / "ledger_plugin"
_METADATA = "Metadata-Version: 2.1\nName: watchfloor-ledger\nVersion: 1.0\n"
_ENTRY_POINTS = "[watchfloor.plugins]\nledger = watchfloor_ledger\n"

T = TypeVar("T")
PATIENCE = 30.0
Done = subprocess.CompletedProcess[str]


def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Wait until the condition is true and return what it gave; whole processes take their time."""
    found: T = until_(condition, what, seconds)
    return found


def install_ledger(folder: Path) -> str:
    """What PYTHONPATH must be for `ledger` to count as an installed plugin."""
    info = folder / "watchfloor_ledger-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(_METADATA)
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
    return os.pathsep.join(filter(None, (str(folder), str(LEDGER), os.environ.get("PYTHONPATH"))))


@dataclass
class Process:
    """A running `watchfloor`; `log` is the file with all that it and its children print."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def text(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def address(self) -> str:
        """Where its pages are, as it said at its start."""
        return str(re.findall(r"(?:pages:|serving at) (http://\S+/)", self.text)[0])

    def alive(self) -> bool:
        return self.popen.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds: float = 10.0) -> int:
        """SIGTERM; the exit code. It must not take longer than that."""
        self.popen.terminate()
        return self.popen.wait(seconds)

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.popen.wait(seconds)

    def until(self, words: str, seconds: float = PATIENCE) -> None:
        """Wait until it printed these words; it must not end before."""
        until(lambda: words in self.text or not self.alive(), f"'{words}' in the log", seconds)
        assert words in self.text, self.text


class Lab:
    """Commands run in `folder`, with the configuration that `configure` wrote last."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.file = folder / "config.yaml"
        self.environment = {"PYTHONPATH": install_ledger(folder / "site")}
        self.started: list[Process] = []

    def configure(self, **settings: Any) -> None:
        """Write the configuration: UTC, data in the folder, any port, no feeds, the ledger and trendings."""
        tree = {
            "timezone": "UTC",
            "data": str(self.folder / "data"),
            "web": {"port": 0},
            "feeds": [],
            "live": {"burst": 1_000_000, "history": 1_000_000},
            "plugins": {"ledger": {}, "trendings": {}},
            **settings,
        }
        self.file.write_text(yaml.safe_dump(tree))

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "watchfloor", "--config", str(self.file), *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR")}
        return kept | self.environment

    def start(self, *arguments: str) -> Process:
        """Start a command; it is killed at the end of the test at the latest."""
        log = self.folder / f"{len(self.started):03}-{arguments[0]}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                self._command(arguments), cwd=self.folder, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        process = Process(popen, log)
        self.started.append(process)
        self.stack.callback(popen.wait)
        self.stack.callback(self._end, popen)
        return process

    def _end(self, popen: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            popen.send_signal(signal.SIGCONT)
        popen.kill()

    def run(self, *arguments: str, answers: str = "", seconds: float = 60.0) -> Done:
        """Run a command to its end."""
        return subprocess.run(
            self._command(arguments), cwd=self.folder, env=self._environment(), input=answers,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def succeed(self, *arguments: str, **options: Any) -> str:
        """Run a command that must succeed; what it prints."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *arguments: str, code: int = 1) -> str:
        """Run a command that must end with this code and one sentence, which is returned."""
        done = self.run(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        lines = [line for line in done.stderr.splitlines() if line.startswith("watchfloor: ")]
        assert len(lines) == 1, done.stderr
        assert "Traceback" not in done.stderr
        return lines[0].removeprefix("watchfloor: ")

    def connect(self, url: str) -> Commands:
        """A connection to a Redis, until the end of the test."""
        return self.stack.enter_context(connect(RedisSettings(), url, role="test"))

    def tracebacks(self) -> list[str]:
        """What the processes printed that only a programmer can read."""
        return [process.text for process in self.started if "Traceback" in process.text]


@dataclass
class Server:
    """A Redis of the test's own that can be killed, paused and started again on the same socket."""

    embedded: EmbeddedServer
    pid: int = field(default=0)

    def start(self) -> None:
        self.embedded.start()
        self.pid = pid_of(self.embedded.url)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not exists(self.pid), "the end of the server")

    def revive(self) -> None:
        """Start it again after it was killed."""
        self.embedded.ensure_alive()
        self.pid = pid_of(self.embedded.url)

    @property
    def url(self) -> str:
        return self.embedded.url


def pid_of(url: str) -> int:
    """The process that listens there."""
    with connect(RedisSettings(), url, role="test") as redis:
        return int(redis.info("server")["process_id"])


def exists(pid: int) -> bool:
    """Whether a process runs (one that only waits to be reaped does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def children(pid: int) -> dict[int, str]:
    """The running children of a process, with their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and exists(int(path.name)):
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(path.name)] = command.strip()
    return found


@contextlib.contextmanager
def server_in(folder: Path) -> Iterator[Server]:
    """A Redis with its data in this folder."""
    with EmbeddedServer(folder) as embedded:
        server = Server(embedded)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGCONT)


def free_port() -> int:
    """A TCP port that nobody uses now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a Redis serves there, its data loaded."""
    try:
        with connect(RedisSettings(), url, role="test") as redis:
            return bool(redis.ping())
    except RedisError:
        return False
