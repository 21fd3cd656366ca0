"""An import in a process of its own, which may be killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any

import msgspec

from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.importing import import_misp
from watchfloor_hashstore.settings import Settings

# From a process that has all of this already: a test starts dozens.
_apart = multiprocessing.get_context("forkserver")
_apart.set_forkserver_preload(["watchfloor_hashstore.importing", "watchfloor_hashstore.connect"])


@contextlib.contextmanager
def importing(settings: Settings) -> Iterator[Any]:
    """A process that imports, with all that the settings name."""
    process = _apart.Process(target=_run, args=(msgspec.json.encode(settings),), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def _run(settings: bytes) -> None:
    told = msgspec.json.decode(settings, type=Settings)
    with connect(told.redis) as redis:
        import_misp(redis, told, lambda *_: None)


def kill(process: Any) -> None:
    """It gets no chance to do anything more."""
    os.kill(process.pid, signal.SIGKILL)
