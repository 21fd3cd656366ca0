"""A disk that can be full: a small tmpfs where one can be mounted, else a limit on the size of files."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

_SIZE = 24 * 1024 * 1024
_LEFT = 256 * 1024


class Disk(Protocol):
    """`path` is a folder on it."""

    path: Path

    def fill(self, *pids: int) -> None:
        """Leave no room, for these processes at least."""

    def free(self, *pids: int) -> None:
        """Make room again."""


class Tmpfs:
    """A file system of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, *_pids: int) -> None:
        with self._ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                try:
                    file.write(b"x" * 65536)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    file.write(b"x")
        assert os.statvfs(self.path).f_bavail == 0

    def free(self, *_pids: int) -> None:
        self._ballast.unlink()


class Limit:
    """Files of a process that may not grow beyond a size."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, *pids: int) -> None:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_LEFT, resource.RLIM_INFINITY))

    def free(self, *pids: int) -> None:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def tmpfs(path: Path) -> Iterator[Disk]:
    """A small file system at this path."""
    path.mkdir()
    _mount(path, check=True)
    try:
        yield Tmpfs(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@contextmanager
def limit(path: Path) -> Iterator[Disk]:
    """A folder at this path."""
    path.mkdir()
    yield Limit(path)


def _mount(path: Path, *, check: bool) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "tmpfs", str(path)]
    try:
        return subprocess.run(command, capture_output=True, check=check).returncode == 0
    except FileNotFoundError:
        return False


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        if mounted := _mount(Path(folder), check=False):
            subprocess.run(["umount", folder], check=True)
    return mounted


CAN_MOUNT = _can_mount()
