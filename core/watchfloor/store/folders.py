"""The folder of an embedded server: its privacy, its lock, its socket and its log."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from watchfloor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_SOCKET_PATH = 103  # bytes on macOS; Linux takes 107
LEAST_ROOM = 1024 * 1024  # a server that cannot write its log of writes ends at once
_STAMP = re.compile(r"^\d+:[A-Z] .*?\d\d:\d\d:\d\d\.\d+ . ")


def make_private(folder: Path) -> None:
    """Make the folder, or make an existing one this user's alone; StoreError if it is of no use."""
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def ensure_room(folder: Path) -> None:
    """StoreError when the disk is too full for a server."""
    with _explained(folder):
        if shutil.disk_usage(folder).free < LEAST_ROOM:
            raise OSError(errno.ENOSPC, "no room")


@contextmanager
def locked(folder: Path) -> Iterator[int | None]:
    """The descriptor of the folder's lock, or None when it is taken.

    A process that inherits the descriptor goes on holding the lock until it ends.
    """
    with _explained(folder):
        file = (folder / "lock").open("ab")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file.fileno()


def socket_path(folder: Path) -> Path:
    """Where the folder's server listens."""
    path = folder / "server.sock"
    return path.readlink() if path.is_symlink() else path


def place_socket(folder: Path) -> Path:
    """Where a new server of the folder is to listen.

    A path that is too long for a socket becomes a link to one in a private temporary folder: whoever
    shares the server finds it by the link, whatever his TMPDIR is.
    """
    path = folder / "server.sock"
    with _explained(folder):
        path.unlink(missing_ok=True)
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
            path.symlink_to(_short_folder(folder) / path.name)
    return socket_path(folder)


def _short_folder(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"watchfloor-{os.getuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StoreError(f"{short} belongs to someone else: remove it, or set 'data' to a shorter path")
    return short


def new_log(folder: Path) -> IO[bytes]:
    """An empty log for a new server; that of the last one is kept beside it."""
    path = folder / "server.log"
    with _explained(folder):
        if path.exists():
            path.replace(folder / "server.log.1")
        return path.open("ab")


def last_words(folder: Path) -> str:
    """The end of the log of the folder's server, which tells why it ended."""
    path = folder / "server.log"
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        # Another process is about to start a server, and has put the log aside.
        lines = []
    words = [_STAMP.sub("", line).strip() for line in lines if line.strip()]
    return f"{path} ends with: {' '.join(words[-2:]) or 'nothing'}"


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason, remedy = "the disk is full", "make room"
        else:
            reason = "it is a file" if isinstance(error, FileExistsError) else f"{error.strerror}"
            remedy = "let this user write there"
        raise StoreError(
            f"the data folder {folder} cannot be used ({reason}): {remedy}, or set 'data' to another folder"
        ) from error
