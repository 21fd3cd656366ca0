"""The documents against the code: links, commands, settings, keys, activities, states, topics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import pytest
import yaml

import watchfloor
from watchfloor import config, misp, plugins
from watchfloor.cli import cli
from watchfloor.config import Settings
from watchfloor.misp.activities import Activity
from watchfloor.store.failures import RETRIABLE
from watchfloor.store.keys import CORE_KEYS
from watchfloor.subscriber.states import State

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
OPERATIONS = ROOT / "docs" / "operations.md"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return re.sub(
        r"^\s*```.*?^\s*```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def anchors(document: Path) -> set[str]:
    """The anchors that a forge makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
            if "://" not in target:
                yield document.relative_to(ROOT).as_posix(), target


@pytest.mark.parametrize(("document", "target"), list(links()))
def test_a_link_leads_somewhere(document: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (ROOT / document).parent / path if path else ROOT / document
    assert file.is_file()
    assert not anchor or anchor in anchors(file)


def commands(group: click.Group, path: str = "watchfloor") -> Iterator[str]:
    for name, command in group.commands.items():
        yield f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


@pytest.mark.parametrize("command", [name for name in commands(cli) if name.count(" ") == 1])
def test_every_command_stands_in_the_readmes_table(command: str) -> None:
    assert re.search(rf"^\| `{command}[` ]", text("README.md"), re.MULTILINE)


@pytest.mark.parametrize("command", [name for name in commands(cli) if name.count(" ") == 2])
def test_every_command_of_a_group_is_shown_in_use(command: str) -> None:
    assert f"$ {command}" in OPERATIONS.read_text(encoding="utf-8")


def test_every_command_line_in_the_documents_has_a_command_that_there_is() -> None:
    known = {name.removeprefix("watchfloor ").partition(" ")[0] for name in commands(cli)} | {
        "hashstore",
        "trendings",
    }
    for document in DOCUMENTS:
        words = re.findall(
            r"(?:`|\$ |/)watchfloor (?:--[\w-]+ \S+ )*([a-z][a-z-]*)", document.read_text(encoding="utf-8")
        )
        assert set(words) <= known, document.name


def yaml_blocks() -> list[tuple[str, str]]:
    pattern = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [
        (document.name, block)
        for document in DOCUMENTS
        for block in pattern.findall(document.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("document", "block"), yaml_blocks(), ids=lambda value: value.partition("\n")[0])
def test_every_configuration_loads(
    document: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"\$env:(\w+)", block):
        monkeypatch.setenv(name, "s3cret")
    for name in re.findall(r"\$file:([\w-]+)", block):
        (tmp_path / name).write_text("s3cret")
    file = tmp_path / "config.yaml"
    file.write_text(block, encoding="utf-8")
    loaded = config.load(file, environ={})
    installed = plugins.installed()
    assert plugins.load({name: v for name, v in loaded.settings.plugins.items() if name in installed})


def test_the_whole_configuration_is_shown_with_its_defaults() -> None:
    (block,) = (block for _, block in yaml_blocks() if "remember_days:" in block)
    shown = yaml.safe_load(block)
    defaults: Any = msgspec.json.decode(msgspec.json.encode(Settings()))
    for plugin in plugins.load(shown["plugins"]):
        defaults["plugins"][plugin.name] = msgspec.to_builtins(plugin.settings)
        assert type(plugin.settings)() == plugin.settings
    assert shown == defaults


@pytest.mark.parametrize("family", CORE_KEYS, ids=lambda family: family.pattern)
def test_every_family_of_the_core_is_explained_with_its_type(family: watchfloor.Keys) -> None:
    assert f"| `{family.pattern}` | {family.kind} |" in text("docs/architecture.md")


def activity_types(kind: type[Activity] = Activity) -> Iterator[type[Activity]]:
    for sub in kind.__subclasses__():
        if sub.__module__ == Activity.__module__:
            yield sub
            yield from activity_types(sub)


@pytest.mark.parametrize("kind", list(activity_types()), ids=lambda kind: kind.__name__)
def test_every_activity_is_in_the_table_with_its_fields(kind: type[Activity]) -> None:
    if kind is watchfloor.EventActivity:
        return
    (row,) = re.findall(rf"^\| .*`{kind.__name__}`.*$", text("docs/hooks.md"), re.MULTILINE)
    common = {*Activity.__struct_fields__, "event"}
    for name in set(kind.__struct_fields__) - common:
        assert f"`{name}`" in row, name


@pytest.mark.parametrize("name", watchfloor.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    assert re.search(rf"\b{name}\b", text("docs/hooks.md"))


@pytest.mark.parametrize("topic", misp.TOPICS)
def test_every_topic_is_in_the_readme(topic: str) -> None:
    assert f"`{topic}`" in text("README.md")


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_of_a_feed_is_explained(state: str) -> None:
    assert f"\n| {state} |" in OPERATIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted({*RETRIABLE, "oversized", "redis", "after-commit"}))
def test_every_kind_of_failure_is_explained(kind: str) -> None:
    assert f"\n| `{kind}` |" in OPERATIONS.read_text(encoding="utf-8")
