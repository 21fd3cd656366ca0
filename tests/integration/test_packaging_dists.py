"""What sdist and wheel hold, and that they build and install with neither Node nor npm's registry."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from lab import Lab
from shell import pip, run

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "watchfloor-hello"
VENDOR = "core/watchfloor/web/static/vendor"
NOT_IN_GIT = (
    ".git",
    ".venv",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "*.egg-info",
    "node_modules",
    "vendor",
)
NOT_IN_GIT_AT_TOP = ("build", "data", "dist")
OFFLINE = {"npm_config_registry": "http://127.0.0.1:9", "PATH": "/nowhere"}


def leave_out(folder: str, names: list[str]) -> set[str]:
    patterns = NOT_IN_GIT + (NOT_IN_GIT_AT_TOP if Path(folder) == ROOT else ())
    return shutil.ignore_patterns(*patterns)(folder, names)


def build(source: Path, out: Path, *options: str, **environment: str) -> Path:
    run(sys.executable, "-m", "build", "--outdir", out, *options, ".", cwd=source, **environment)
    (built,) = out.iterdir()
    return built


def files_below(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def forced(checkout: Path) -> dict[str, str]:
    """The folders of the source that the wheel holds under another name."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    return dict(project["tool"]["hatch"]["build"]["targets"]["wheel"].get("force-include", {}))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source as a clone has it: nothing built."""
    copy = tmp_path_factory.mktemp("source") / "watchfloor"
    shutil.copytree(ROOT, copy, ignore=leave_out)
    return copy


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, whose build fills the checkout's vendor/ from npm."""
    return build(checkout, tmp_path_factory.mktemp("sdist"), "--sdist")


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    run("tar", "-xzf", sdist, cwd=folder)
    (top,) = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, from the sdist, on a machine with no Node and no registry."""
    return build(unpacked, tmp_path_factory.mktemp("wheel"), "--wheel", "--no-isolation", **OFFLINE)


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a fresh environment are, with the wheel and what it needs from the registry."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    pip(folder / "bin" / "python", "install", "--quiet", "--no-compile", wheel, cwd=folder)
    return folder / "bin"


def test_the_sdist_holds_the_whole_source_and_the_built_front_end(checkout: Path, unpacked: Path) -> None:
    assert files_below(unpacked) == files_below(checkout) | {"PKG-INFO"}
    assert f"{VENDOR}/fonts.css" in files_below(unpacked)


def test_the_wheel_holds_the_packages_and_nothing_else(checkout: Path, wheel: Path) -> None:
    packages = [checkout / "core/watchfloor", *checkout.glob("plugins/*/watchfloor_*")]
    folders = {package.name: package for package in packages} | {
        target: checkout / source for source, target in forced(checkout).items()
    }
    expected = {f"{target}/{name}" for target, folder in folders.items() for name in files_below(folder)}
    held = {name for name in names_in(wheel) if ".dist-info/" not in name}
    assert held == expected - {"watchfloor/web/static/vendor/.stamp"}
    assert {f"{package.name}/py.typed" for package in packages} <= held


def test_the_wheel_carries_the_licences_of_all_that_it_holds(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        bundled = archive.read("watchfloor/web/static/vendor/LICENSES.txt").decode()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names_in(wheel))
    assert "@fontsource-variable/inter" in bundled
    assert "@fontsource-variable/jetbrains-mono" in bundled


def test_the_style_sheets_of_vendor_ask_for_nothing_that_is_not_there(wheel: Path) -> None:
    names = names_in(wheel)
    with zipfile.ZipFile(wheel) as archive:
        sheets = {
            name: archive.read(name).decode() for name in names if re.search(r"/vendor/[^/]+\.css$", name)
        }
    wanted = {
        str(PurePosixPath(name).parent / address)
        for name, sheet in sheets.items()
        for address in re.findall(r"""url\(["']?([^"')]+)""", sheet)
    }
    assert wanted
    assert wanted <= names


def test_checkout_and_sdist_give_the_same_wheel(
    checkout: Path, sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    from_checkout = build(checkout, tmp_path, "--wheel", "--no-isolation", **OFFLINE)
    assert from_checkout.read_bytes() == wheel.read_bytes()


def test_the_wheel_runs_in_a_fresh_environment(wheel: Path, programs: Path) -> None:
    pip(programs / "python", "check", cwd=programs)
    shown = run(programs / "watchfloor", "--version", cwd=programs)
    assert shown.split()[-1] == wheel.name.split("-")[1]
    assert "demo" in run(programs / "watchfloor", "--help", cwd=programs)


def test_the_example_runs_beside_the_wheel(programs: Path, lab: Lab) -> None:
    """Built, and installed with what its own tests need from the registry."""
    (lab.folder / "dist").mkdir()
    hello = build(EXAMPLE, lab.folder / "dist", "--wheel", "--no-isolation")
    asked = f"watchfloor-hello[dev] @ {hello.as_uri()}"
    pip(programs / "python", "install", "--quiet", "--no-compile", asked, cwd=lab.folder)
    pytest_ = (programs / "python", "-m", "pytest", "-p", "no:cacheprovider")
    assert " passed" in run(*pytest_, EXAMPLE / "tests", cwd=lab.folder)
    lab.configure(plugins={"hello": {}, "trendings": {}})
    mine, first_party, *_ = json.loads(run(programs / "watchfloor", "plugins", "--json", cwd=lab.folder))
    assert (mine["name"], mine["distribution"], mine["state"]) == ("hello", "watchfloor-hello", "enabled")
    assert (first_party["distribution"], first_party["state"]) == ("watchfloor", "enabled")
    assert "hello:by_org:{date}" in run(programs / "watchfloor", "keys", "--no-count", cwd=lab.folder)
