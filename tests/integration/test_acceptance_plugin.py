"""A third party's plugin: written by `new-plugin`, tested, built, installed and listed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab import Lab
from shell import run

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "watchfloor-hello"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def files(folder: Path) -> dict[str, str]:
    """What is in a folder, without what running it leaves behind."""
    left = ("__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache")
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and not any(part in left for part in path.parts)
    }


def test_new_plugin_writes_the_example(lab: Lab) -> None:
    said = lab.succeed("new-plugin", "hello")
    assert "watchfloor-hello is ready" in said
    assert files(lab.folder / "watchfloor-hello") == files(EXAMPLE)
    assert "exists already" in lab.refused("new-plugin", "hello")
    for name in ("Hello", "import", "2x"):
        assert lab.run("new-plugin", "--into", "elsewhere", name).returncode == 2
    for name, why in (("live", "a page of the core"), ("trendings", "is installed already")):
        assert why in lab.refused("new-plugin", "--into", "elsewhere", name)
    assert not (lab.folder / "elsewhere").exists()


def test_a_new_plugin_passes_its_tests_at_once(lab: Lab) -> None:
    """Installed in a folder of its own, with what this environment has."""
    lab.succeed("new-plugin", "phishing")
    plugin, site = lab.folder / "watchfloor-phishing", lab.folder / "packages"
    assert not any("hello" in (name + text).lower() for name, text in files(plugin).items())
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--target", site, plugin, cwd=lab.folder, **OFFLINE)
    said = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", cwd=plugin, PYTHONPATH=str(site))
    assert " passed" in said
    lab.environment["PYTHONPATH"] = str(site)
    lab.configure(plugins={"phishing": {"ignore": ["Aurora"]}})
    (listed, *_) = json.loads(lab.succeed("plugins", "--json"))
    assert (listed["name"], listed["state"], listed["version"]) == ("phishing", "enabled", "0.1.0")
