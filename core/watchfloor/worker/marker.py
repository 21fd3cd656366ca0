"""Which message was in hand when a worker died.

The worker notes each message in a small mapped file before any plugin sees it: a memory write, which
outlives the process however it ends. The next worker reads the notes of the dead and counts them
against those messages; one that took a worker down three times is set aside.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from watchfloor.errors import WatchfloorError

_SIZE = 512
FATAL = 3


class Marker:
    """This process' note, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"worker-{os.getpid()}-{secrets.token_hex(4)}.marker"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(self._file, 0, _SIZE)  # a write to a hole on a full disk is a SIGBUS
            self._map = mmap.mmap(self._file, _SIZE)
        except OSError as error:
            raise WatchfloorError(
                f"{folder}: cannot be written ({error.strerror}); set `data` to another folder"
            ) from error
        self.clear()

    def note(self, feed: str, entry: str) -> None:
        """This message is in hand."""
        line = f"{feed} {entry}\n".encode()
        self._map[0 : len(line)] = line

    def clear(self) -> None:
        """No message is in hand."""
        self._map[0:1] = b"\n"

    def close(self) -> None:
        """Remove the note, unless an error ended the work on a message: that is held against it."""
        in_order = self._map[0:1] == b"\n"
        self._map.close()
        os.close(self._file)
        if in_order:
            self.path.unlink(missing_ok=True)


def of_the_dead(folder: Path) -> Iterator[str]:
    """`feed id` of the message that each dead worker had in hand; their notes are removed."""
    for path in sorted(folder.glob("worker-*.marker")):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                line = file.readline(_SIZE).decode(errors="replace").strip()
                path.unlink()
        except (BlockingIOError, FileNotFoundError):
            continue
        if line:
            yield line
