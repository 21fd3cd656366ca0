"""What is wrong is blamed on where it was said, and what is not YAML is text."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchfloor.config import load
from watchfloor.config.show import effective
from watchfloor.errors import ConfigError

FILE = "web: {port: 8001}\nfeeds: [{name: a, url: 'tcp://h:1'}]\n"
BLAMED = {
    "nope=1": "command line: unknown setting 'nope'",
    "nope.inner=1": "command line: unknown setting 'nope'",
    "web.prot=1": "command line: web: unknown setting 'prot'",
    "feeds=[{name: 'a:b', url: 'tcp://h:1'}]": "command line: feeds[0].name: expected text matching",
    "feeds=[{name: b}]": "command line: feeds[0]: the setting 'url' is missing",
    "feeds=[a": "command line: feeds: expected a list, got text",
    "web={port: [": "command line: web: expected settings, got text",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration in which nothing is wrong."""
    path = tmp_path / "site.yaml"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize("override", BLAMED)
def test_the_command_line_is_blamed_for_what_it_said(file: Path, override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file, [override], {})
    assert str(caught.value).startswith(BLAMED[override])


def test_the_environment_is_blamed_for_what_it_said(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^environment WATCHFLOOR_X__Y: unknown setting 'x'"):
        load(file, environ={"WATCHFLOOR_X__Y": "1"})


def test_the_file_is_blamed_for_the_rest(file: Path) -> None:
    file.write_text(FILE + "nope: {inner: 1}\n")
    with pytest.raises(ConfigError, match=r"site\.yaml: unknown setting 'nope'"):
        load(file, ["web.port=1"], {})


@pytest.mark.parametrize("password", ["[hunter2", "{{{", "[2026-99-99]x", "{" * 5000])
def test_a_password_that_begins_like_yaml_is_a_password(file: Path, password: str) -> None:
    environ = {"WATCHFLOOR_REDIS__PASSWORD": password}
    assert load(file, environ=environ).settings.redis.password == password


def test_what_was_replaced_comes_from_what_replaced_it(file: Path) -> None:
    loaded = load(file, ["feeds=[{name: b, url: 'tcp://h:2'}]"], {})
    shown = {entry.path: entry.origin for entry in effective(loaded, {})}
    assert shown["feeds[0].name"] == "command line"
    assert shown["feeds[0].username"] == "command line"
    assert shown["web.port"] == str(file)
    assert shown["web.host"] == "default"
