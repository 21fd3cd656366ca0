"""Work on the pieces of something large, shared by several processes where the system can fork them."""

from __future__ import annotations

import os
import signal
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_LARGE = 1 << 22  # bytes of files that are worth starting processes for
_MOST = 8
_WAITING = 2  # pieces for each process that are worked on or wait
_work: list[Callable[[Any], Any]] = []


def processes_for(streams: Iterable[BufferedReader]) -> int:
    """How many processes to share the work on streams: one a core for large files, one for all else."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    size = 0
    for stream in streams:
        try:
            status = os.fstat(stream.fileno())
        except (OSError, ValueError):
            return 1
        if not stat.S_ISREG(status.st_mode):
            return 1  # what comes by and by is answered by and by
        size += status.st_size
    return min(cores, _MOST) if size >= _LARGE and hasattr(os, "fork") else 1


def spread(work: Callable[[T], R], pieces: Iterable[T], processes: int) -> Iterator[R]:
    """What a function makes of each piece, in order. Pieces and results are what can be pickled.

    OSError when a process was ended from outside: of its pieces nobody knows.
    """
    if processes < 2:
        yield from map(work, pieces)
        return
    # Who asks for a few values need not wait for these.
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    with ProcessPoolExecutor(processes, get_context("fork"), _begin, (work,)) as pool:
        waiting = deque[Any]()
        try:
            for piece in pieces:
                waiting.append(pool.submit(_do, piece))
                if len(waiting) > _WAITING * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenExecutor as error:
            raise ChildProcessError("one of the processes that looked values up was ended") from error


def _begin(work: Callable[[Any], Any]) -> None:
    """In each process: know the work, and leave it to the first one to be interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _work[:] = [work]


def _do(piece: Any) -> Any:
    return _work[0](piece)
