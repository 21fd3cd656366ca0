"""The lists of pyproject.toml that name each plugin, and the scripts behind the Makefile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(ROOT.glob("plugins/*/watchfloor_*"))
NAMES = {plugin.name for plugin in PLUGINS}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_plugin_is_built_and_installed(project: dict[str, Any]) -> None:
    build = project["tool"]["hatch"]["build"]
    packages = {str(plugin.relative_to(ROOT)) for plugin in PLUGINS}
    assert set(build["targets"]["wheel"]["packages"]) == {"core/watchfloor"} | packages
    assert set(build["dev-mode-dirs"]) == {"core"} | {str(Path(package).parent) for package in packages}


def test_every_plugin_is_found_by_its_name(project: dict[str, Any]) -> None:
    found = project["project"]["entry-points"]["watchfloor.plugins"]
    assert found == {name.removeprefix("watchfloor_"): name for name in NAMES}


def test_every_plugin_is_under_the_import_contracts(project: dict[str, Any]) -> None:
    linter = project["tool"]["importlinter"]
    of_core, among_plugins, of_plugins = linter["contracts"]
    assert set(linter["root_packages"]) == {"watchfloor"} | NAMES
    assert set(of_core["forbidden_modules"]) == NAMES
    assert set(among_plugins["modules"]) == NAMES
    assert set(of_plugins["source_modules"]) == NAMES


def test_every_folder_of_tests_is_run(project: dict[str, Any]) -> None:
    run = project["tool"]["pytest"]["ini_options"]["testpaths"]
    assert set(run) == {str(file.parent.relative_to(ROOT)) for file in ROOT.glob("tests/**/test_*.py")}


def script(name: str, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that sees these programs alone."""
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, str(ROOT / "scripts" / name), *arguments],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_server_is_a_failure_that_says_what_to_install(tmp_path: Path) -> None:
    done = script("need-programs", "redis-server", "chromium", path=tmp_path)
    assert done.returncode == 1
    assert "apt install redis-server chromium" in done.stderr


def test_programs_that_are_there_need_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis-server").symlink_to("/bin/true")
    done = script("need-programs", "redis-server", path=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_old_python_is_named_with_what_is_needed(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
    old.chmod(0o755)
    done = script("make-venv", str(tmp_path / "venv"), path=tmp_path)
    assert done.returncode == 1
    assert "needs Python 3.11 or later, and here is Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_scripts_can_be_run() -> None:
    programs = [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]
    assert all(os.access(program, os.X_OK) for program in programs)
