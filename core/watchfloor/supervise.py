"""Several roles as processes of one command: started, restarted when they die, stopped in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from watchfloor.errors import StoreError, WatchfloorError

log = logging.getLogger(__name__)
PARENT = "WATCHFLOOR__PARENT"
_TICK = 0.2
_YOUNG = 3.0  # seconds: who dies sooner, and was never up for longer, cannot start
_PATIENCE = 10.0
_LONGEST_PAUSE = 5.0


@dataclass
class Role:
    """One process: its name, its command, and how often it died."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    was_up: bool = False
    deaths: int = 0
    due: float = field(default=0.0)


class Supervisor:
    """Keeps roles running until `stop`.

    `arguments` are the options of `watchfloor` that every role gets, `environment` its variables.
    `each_tick` runs in the main thread a few times a second (the embedded server is kept alive so).
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        each_tick: Callable[[], object] = lambda: None,
    ) -> None:
        self._command = [sys.executable, "-m", "watchfloor", *arguments]
        self._environment = {**os.environ, **environment, PARENT: str(os.getpid())}
        self._each_tick = each_tick
        self._trouble = ""
        self._pause = _TICK
        self._due = 0.0
        self.roles: list[Role] = []

    def start(self, *names: str) -> None:
        """Start roles, each a command of `watchfloor`."""
        for name in names:
            role = Role(name, [*self._command, name])
            self.roles.append(role)
            self._spawn(role)

    def _spawn(self, role: Role) -> None:
        # A session of its own: Ctrl-C is for the supervisor, which stops the roles in order.
        role.process = subprocess.Popen(role.command, env=self._environment, start_new_session=True)
        role.started = time.monotonic()

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`. A role that dies is started again; one that cannot start is a WatchfloorError."""
        while not stop.wait(_TICK):
            self.tick()

    def tick(self) -> None:
        """Look after everything once."""
        if time.monotonic() >= self._due:
            self._look_after_redis()
        for role in self.roles:
            self._look_after(role, time.monotonic())

    def _look_after_redis(self) -> None:
        """One that cannot start now may when there is room again; it is not tried all the time."""
        try:
            self._each_tick()
        except StoreError as error:
            if str(error) != self._trouble:
                log.error("%s", error)  # noqa: TRY400 (a sentence for people)
            self._trouble = str(error)
            self._due = time.monotonic() + self._pause
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
        else:
            self._trouble, self._pause = "", _TICK

    def _look_after(self, role: Role, now: float) -> None:
        if role.process is None:
            if now >= role.due:
                self._spawn(role)
            return
        code = role.process.poll()
        if code is None:
            role.was_up = role.was_up or now - role.started > _YOUNG
            return
        if not role.was_up and code > 0:
            raise WatchfloorError(f"'{role.name}' cannot start (see above)")
        role.deaths = role.deaths + 1 if now - role.started < 60 else 1
        pause = min(5.0, 0.1 * 2**role.deaths)
        log.warning("'%s' ended (%s); starting it again in %.1f s", role.name, _fate(code), pause)
        role.process, role.due = None, now + pause

    def stop(self) -> None:
        """Stop the roles in the order of their start: each finishes what it has in hand."""
        running = [role.process for role in self.roles if role.process and role.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _PATIENCE
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _fate(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM, or the death of the supervisor sets."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    parent = os.environ.get(PARENT)
    if parent:
        threading.Thread(target=_outlive, args=(int(parent), stop), daemon=True).start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _outlive(parent: int, stop: threading.Event) -> None:
    """A role whose supervisor was killed stops as well, wherever it runs."""
    while not stop.wait(0.5):
        if os.getppid() != parent:
            log.warning("the supervisor is gone; stopping")
            stop.set()
