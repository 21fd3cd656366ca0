"""Become a server that is killed when its parent ends: `launch.py <parent's pid> <program> <arguments>`.

A program of its own, run before the server in its process: code between fork and exec is not safe in
a parent that has threads. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by the command, unless the parent is gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # A parent that ended before that call sends no signal any more.
    if os.getppid() != parent:
        return
    try:
        os.execv(command[0], command)  # noqa: S606 - the caller's program, and no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
