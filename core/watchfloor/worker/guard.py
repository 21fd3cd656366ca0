"""A time limit on handlers, and an end to a worker that is stuck.

A timer's signal interrupts Python code in the main thread. What hangs inside a C extension cannot be
interrupted so: then the whole process is ended, and the message in hand is held against it.
"""

from __future__ import annotations

import faulthandler
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_TICK = 0.1


class HandlerTimeout(BaseException):
    """A handler took too long. Not an Exception, so that a plugin's own `except` cannot swallow it."""


class Guard:
    """Raises HandlerTimeout in what runs between `enter` and `leave` for longer than its seconds.

    Works in the main thread only; elsewhere nothing is interrupted (only tests run there).
    """

    def __init__(self) -> None:
        self._until = float("inf")

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Have the timer tick while a batch is worked off."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._tick)
        others = signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, *others)  # a test's own limit, for one
            signal.signal(signal.SIGALRM, before)

    def enter(self, seconds: float) -> None:
        """From here on, `seconds` are left."""
        self._until = time.monotonic() + seconds

    def leave(self) -> None:
        """Nothing is limited from here on."""
        self._until = float("inf")

    def _tick(self, _signal: int, _frame: FrameType | None) -> None:
        if time.monotonic() > self._until:
            self._until = float("inf")
            raise HandlerTimeout


class StuckWatch:
    """Ends the process, with a traceback on standard error, when `alive` is not called for `seconds`.

    It runs in a thread of the interpreter's own that needs no lock, so it works even when C code hangs.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed = 0.0

    def alive(self) -> None:
        """Not stuck."""
        now = time.monotonic()
        if now - self._armed > self._seconds / 10:
            faulthandler.dump_traceback_later(self._seconds, exit=True)
            self._armed = now

    def stop(self) -> None:
        """Watch no longer."""
        faulthandler.cancel_dump_traceback_later()
