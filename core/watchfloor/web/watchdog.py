"""Who holds up the web process: code that waits without `await` stops every page.

Nothing can interrupt it. So it is named, in the log while it lasts and on the Health page afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from watchfloor.plugins import Plugin
    from watchfloor.web.errors import Errors

log = logging.getLogger(__name__)

LATE = 2.0  # seconds without a sign of life after which somebody is asked for
_TICK = 0.2


@dataclass(frozen=True)
class Culprit:
    """The plugin whose code the loop is in, and where; no plugin where it is another's."""

    plugin: str
    where: str


class Watchdog:
    """Watches the event loop that runs it, from a thread of its own."""

    def __init__(self, plugins: Sequence[Plugin], errors: Errors) -> None:
        self._plugins = plugins
        self._errors = errors
        self._beat = time.monotonic()
        self._caught: Culprit | None = None
        self._stop = threading.Event()

    async def run(self) -> None:
        """Give signs of life, for ever; what held the loop up is noted when it goes on."""
        watch = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True
        )
        watch.start()
        try:
            while True:
                before, self._beat = self._beat, time.monotonic()
                self._note(self._beat - before)
                await asyncio.sleep(_TICK)
        finally:
            self._stop.set()

    def _note(self, seconds: float) -> None:
        caught, self._caught = self._caught, None
        if caught and caught.plugin:
            error = TimeoutError(f"held up every page for {seconds:.1f} seconds, waiting without await")
            self._errors.keep(error, caught.plugin, caught.where, "stall")

    def _watch(self, loop: int) -> None:
        while not self._stop.wait(_TICK):
            if self._caught is None and time.monotonic() - self._beat > LATE:
                self._caught = _culprit(sys._current_frames().get(loop), self._plugins)  # noqa: SLF001
                whose = f"plugin '{self._caught.plugin}'" if self._caught.plugin else "the web process"
                log.warning("%s holds up every page: %s", whose, self._caught.where)


def _culprit(frame: FrameType | None, plugins: Sequence[Plugin]) -> Culprit:
    """The innermost code of a plugin, else the innermost of all."""
    stack = list(_outwards(frame))
    for one in stack:
        for plugin in plugins:
            if _belongs(one.f_code.co_filename, plugin):
                return Culprit(plugin.name, _place(one))
    return Culprit("", _place(stack[0]) if stack else "nowhere")


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _belongs(file: str, plugin: Plugin) -> bool:
    """A plugin is a package, or one module beside others."""
    if hasattr(plugin.module, "__path__"):
        return file.startswith(f"{plugin.folder}{os.sep}")
    return file == plugin.module.__file__


def _place(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"
