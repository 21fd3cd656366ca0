"""The code in the documents is tested code: verbatim parts of plugins' files, the tutorial's all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELLO = ROOT / "examples" / "watchfloor-hello"
TUTORIAL = ROOT / "docs" / "tutorial.md"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WHOLE = {"python": HELLO / "watchfloor_hello" / "__init__.py"}


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of a language, as they stand."""
    fenced = re.findall(
        r"^```(\w*)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [text for name, text in fenced if name == language]


def holds(file: Path, block: str) -> bool:
    """Whether the block is a verbatim part of the file, whole lines of it."""
    return f"\n{block}" in "\n" + file.read_text(encoding="utf-8")


def sources() -> list[Path]:
    """Every file of a plugin of ours and of the example, its tests included."""
    found = [*(ROOT / "plugins").rglob("*.py"), *HELLO.rglob("*.py")]
    assert len(found) > 5
    return found


def first_line(value: str) -> str:
    return value.partition("\n")[0]


def code() -> list[tuple[str, str]]:
    return [(document.name, block) for document in DOCUMENTS for block in blocks(document, "python")]


@pytest.mark.parametrize(("document", "block"), code(), ids=first_line)
def test_a_block_of_python_is_a_verbatim_part_of_a_tested_file(document: str, block: str) -> None:
    assert any(holds(file, block) for file in sources()), f"{document}: no tested file holds this:\n{block}"


@pytest.mark.parametrize("block", blocks(TUTORIAL, "python"), ids=first_line)
def test_the_tutorials_python_is_that_of_the_example(block: str) -> None:
    assert any(holds(file, block) for file in HELLO.rglob("*.py"))


@pytest.mark.parametrize("language", WHOLE)
def test_the_tutorial_shows_all_of_the_examples_code(language: str) -> None:
    """Every line of the file stands in a block; the blocks that are parts of it put together are the file."""
    file = WHOLE[language]
    parts = [block for block in blocks(TUTORIAL, language) if holds(file, block)]
    shown = sorted(line for block in parts for line in block.splitlines() if line)
    whole = sorted(line for line in file.read_text(encoding="utf-8").splitlines() if line)
    assert shown == whole


def test_the_entry_point_is_the_examples() -> None:
    found = blocks(TUTORIAL, "toml")
    assert found
    assert all(holds(HELLO / "pyproject.toml", block) for block in found)


def test_the_files_are_those_of_the_example() -> None:
    listing = TUTORIAL.read_text(encoding="utf-8").partition("watchfloor-hello/\n")[2].partition("```")[0]
    for line in listing.splitlines():
        assert (HELLO / line.split()[0]).exists(), line
