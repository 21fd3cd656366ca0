"""The test kit for plugins does what the reference says."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from jinja2 import UndefinedError

from watchfloor import Keys, Message, RawHandler, Terminal, Writes
from watchfloor.testing import apply, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from watchfloor.testing import SiteMaker

BEATS = Keys("kit:beats", "hash", "name of a probe; +1 for each beat")
PLUGIN = """
from starlette.routing import Route

from watchfloor import Panel, View, hookimpl, page


async def scores(ask):
    return View(context={"count": 12345.0, "part": 1234.5})


async def home(request):
    return await page(request, "Kit", ["kit/right"])


async def wrong(request):
    raise ZeroDivisionError("of the plugin")


@hookimpl
def panels():
    return [
        Panel("right", "Right", scores, template="right.html"),
        Panel("wrong", "Wrong", scores, template="wrong.html"),
    ]


@hookimpl
def routes():
    return [Route("/", home), Route("/wrong", wrong)]
"""
TEMPLATES = {"right.html": "{{ count | number }} and {{ part | number }}", "wrong.html": "{{ cuont }}"}


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What `make_site` needs for a site with a plugin whose first page fails."""
    package = tmp_path / "kit_under_test"
    for name, text in {"__init__.py": PLUGIN, **{f"templates/{k}": v for k, v in TEMPLATES.items()}}.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("kit", "kit_under_test", "watchfloor.plugins")
    yield {"plugins": {"kit": {}}, "points": {"kit": point}}
    sys.modules.pop("kit_under_test", None)


def test_apply_takes_what_reads_a_topic_of_its_own() -> None:
    def beat(received: Message, writes: Writes) -> None:
        writes.hincrby(BEATS(), received.body.decode())

    applied = apply(RawHandler("beat", beat), message("beat", 7), message("beat", 7))
    assert applied.commands == [("HINCRBY", BEATS(), "7", 2)]


def test_a_page_is_its_text(make_site: SiteMaker, kit: dict[str, Any]) -> None:
    assert "12,345 and 1,234.5" in make_site(**kit).page("/kit/")


def test_a_page_raises_what_its_panels_and_routes_raise(make_site: SiteMaker, kit: dict[str, Any]) -> None:
    site = make_site(**kit)
    with pytest.raises(UndefinedError, match="cuont"):
        site.page("/")
    with pytest.raises(ZeroDivisionError):
        site.page("/kit/wrong")


def test_a_site_is_the_terminal_of_a_command(make_site: SiteMaker) -> None:
    @click.command()
    @click.pass_obj
    def beats(terminal: Terminal) -> None:
        click.echo(f"{terminal.redis.hlen(BEATS())} in {terminal.zone}")

    assert CliRunner().invoke(beats, obj=make_site()).output == "0 in UTC\n"
