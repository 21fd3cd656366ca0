#!/usr/bin/env python3
"""Install what the tests in Chromium take from npm, as tests/browser/package-lock.json pins it.

Usage: scripts/browser_tools.py, with the Python of the development tools. Node is the machine's own, or comes
from PyPI, as for the front end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "browser"


def main() -> None:
    """Bring node_modules up to date, or end with one sentence."""
    if is_current():
        return
    print("Installing what the tests in Chromium need from npm.")
    front_end = load_front_end()
    try:
        front_end.run([*find_toolchain(front_end).npm, *front_end.NPM_CI], FOLDER)
    except front_end.FrontEndError as error:
        sys.exit(f"axe-core was not installed: {error}")


def is_current() -> bool:
    """Whether every package of the lock is there in its version."""
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    return all(version_of(FOLDER / path) == p["version"] for path, p in lock["packages"].items() if path)


def version_of(package: Path) -> str:
    """The version of an installed package, or ""."""
    file = package / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.is_file() else ""


def load_front_end() -> ModuleType:
    """The build step of the front end, which knows how to find Node and run npm."""
    spec = spec_from_file_location("hatch_build", ROOT / "core" / "frontend" / "hatch_build.py")
    if spec is None or spec.loader is None:
        sys.exit("core/frontend/hatch_build.py cannot be loaded: is this a whole checkout?")
    module = sys.modules["hatch_build"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_toolchain(front_end: ModuleType) -> Any:
    """The machine's Node, or one from PyPI, installed beside the development tools when it is missing."""
    found = front_end.toolchain_on_path() or front_end.toolchain_in_wheel()
    if found is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", front_end.NODE_WHEEL], check=True)
        found = front_end.toolchain_in_wheel()
    return found


if __name__ == "__main__":
    main()
