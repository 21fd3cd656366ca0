"""Commands of other programs that must succeed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OURS = ("PYTEST", "WATCHFLOOR")  # what is set for this run of tests is none of theirs


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command; what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(python: Path, *arguments: str | Path, cwd: Path, **environment: str) -> str:
    """Run our pip on the environment of another Python, which need not have one."""
    ours = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    return run(*ours, *arguments, cwd=cwd, **environment)
