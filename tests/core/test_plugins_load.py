"""Whatever is wrong with a plugin stops the start with one sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import watchfloor_activity
import watchfloor_hashstore
import watchfloor_trendings
from watchfloor import hookspecs, plugins
from watchfloor.errors import ConfigError, PluginError
from watchfloor.plugins import Plugin

HEAD = (
    "from watchfloor import Channel, Chart, Column, Handler, Keys, NavItem, Option, Panel, AttributeShared, "
    "hookimpl\n"
)
PANEL = "@hookimpl\ndef panels(): return [Panel('p', 'P', {0})]"
KEYS = "@hookimpl\ndef redis_keys():\n    return [Keys('{0}', 'zset', 'counts')]\n"
Make = Callable[..., Plugin]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`make(source, name, **settings)` writes a plugin's module and loads it, behind those made before."""
    monkeypatch.syspath_prepend(tmp_path)
    points: dict[str, EntryPoint] = {}

    def make(source: str, name: str = "sample", /, **settings: object) -> Plugin:
        module = f"plugin_{abs(hash(tmp_path))}_{name}"
        (tmp_path / f"{module}.py").write_text(HEAD + source)
        points[name] = EntryPoint(name, module, plugins.GROUP)
        sections: dict[str, dict[str, object]] = {known: {} for known in points} | {name: settings}
        return plugins.load(sections, points=points)[-1]

    return make


WRONG = {
    "@hookimpl\ndef message_handler(): return []": "'message_handler' (did you mean message_handlers?)",
    "@hookimpl\ndef quux(): return []": "there is no hook 'quux' (known: settings_schema,",
    "@hookimpl\ndef redis_keys(config): return []": "redis_keys has no argument 'config' (known: settings)",
    "@hookimpl\ndef settings_schema(settings): return int": "has no argument 'settings' (known: none)",
    "@hookimpl\ndef redis_keys(): []": "redis_keys returned nothing: is a 'return' missing?",
    "@hookimpl\ndef redis_keys(): return [Keys('a', 'zest', '')]": "the kind of a is 'zest' (known: string,",
    "@hookimpl\ndef message_handlers(): return [Handler(print, AttributeShared)]": "an activity first",
    "@hookimpl\ndef message_handlers(): return [Handler(AttributeShared, None)]": "a function last, not None",
    "from watchfloor import RawHandler\n@hookimpl\ndef message_handlers():\n"
    "    return [RawHandler('misp_json', print)]": "the core reads misp_json: use Handler, not RawHandler",
    "from msgspec import Struct\nclass Loose(Struct): pass\n@hookimpl\n"
    "def settings_schema(): return Loose": "(Struct, frozen=True, forbid_unknown_fields=True)",
    "@hookimpl\ndef redis_keys(): return ['a']": "redis_keys must return a list of Keys; it holds 'a'",
    "@hookimpl\ndef redis_keys(): return 'a'": "redis_keys must return a list of Keys, not 'a'",
    "@hookimpl\ndef redis_keys(): return {'a'}": "redis_keys must return a list of Keys, not {'a'}",
    "@hookimpl\ndef redis_keys(): return 1 / 0": "redis_keys failed: ZeroDivisionError",
    "@hookimpl\ndef message_handlers(): return [print]": "a list of Handler or RawHandler; it holds",
    "@hookimpl\ndef settings_schema(): return dict": "settings_schema must return a msgspec.Struct, not dict",
    "@hookimpl\ndef settings_schema(): return 3": "settings_schema must return a type, not 3",
    "@hookimpl\ndef demo(): return 3": "demo must return a Demo, not 3",
    "@hookimpl\ndef after_commit(): return 3": "after_commit must return a function, not 3",
    PANEL.format("'p.html'"): "the panel 'p' takes a function as data, not 'p.html'",
    PANEL.format("print, columns=(Column('A', 'A'),)"): "has the column 'A': its name may hold small letters",
    PANEL.format("print, columns=(Column('a', 'A'), Column('a', 'B'))"): "declares the column 'a' twice",
    PANEL.format("print, columns=(Column('a', 'A', link='b'),)"): "names the column 'b', which it does not",
    PANEL.format("print").replace("'p'", "'p.csv'"): "the panel 'p.csv' ends as its own rows do: rename it",
    PANEL.format("print, chart=Chart('line', 'x', 'y')"): "names the column 'x', which it does not declare",
    PANEL.format("print, options=(Option('last', ''),)"): "has the option 'last', which means something on",
    "from watchfloor import Check\n@hookimpl\ndef health_checks():\n"
    "    return [Check('a', None)]": "the check 'a' takes a function to run, not None",
    "from watchfloor import Check\n@hookimpl\ndef health_checks():\n"
    "    return [Check('A b', print)]": "the check name 'A b' may hold small letters, digits and '-' only",
    "from watchfloor import Check\n@hookimpl\ndef health_checks():\n"
    "    return [Check('a', print), Check('a', print)]": "declares the check 'a' twice: rename one",
    "import nowhere_to_be_found": "needs nowhere_to_be_found, which is not installed: pip install",
    "x = 1 / 0": "cannot be imported: ZeroDivisionError: division by zero",
    "def :": "cannot be imported: SyntaxError",
    KEYS.format("watchfloor:feed:{feed}"): "but the core owns watchfloor:feed:{feed}: rename them",
    KEYS.format("watchfloor:{what}:{name}"): "but the core owns watchfloor:",
}


@pytest.mark.parametrize("source", WRONG)
def test_a_broken_plugin_is_named_with_what_to_do(make: Make, source: str) -> None:
    with pytest.raises(PluginError) as caught:
        make(source)
    assert str(caught.value).startswith("plugin 'sample': ")
    assert WRONG[source] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pattern", ["A:{date}", "A:{x}", "{x}:20260101", "A:2026{rest}", "A:{x}{y}"])
def test_keys_that_another_plugin_claims_stop_the_start(make: Make, pattern: str) -> None:
    make(KEYS.format("A:{date}"), "first")
    with pytest.raises(
        PluginError, match=r"plugin 'second': claims the keys .* plugin 'first' owns A:\{date\}"
    ):
        make(KEYS.format(pattern), "second")


@pytest.mark.parametrize(
    "pattern", ["B:{date}", "A", "A:{date}:{org}", "A:all", "{x}A:{date}", "A{more}:{x}"]
)
def test_keys_that_cannot_meet_are_both_welcome(make: Make, pattern: str) -> None:
    make(KEYS.format("A:{date}"), "first")
    assert make(KEYS.format(pattern), "second").keys[0].pattern == pattern


def test_a_plugin_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(
        PluginError, match=r"plugin 'geography': is enabled but not installed \(installed: .*trendings"
    ):
        plugins.load({"geography": {}})


def test_only_what_is_enabled_is_imported(make: Make, tmp_path: Path) -> None:
    make("", "quiet")
    (tmp_path / "noisy.py").write_text("raise SystemExit('imported')")
    points = {"noisy": EntryPoint("noisy", "noisy", plugins.GROUP)}
    assert plugins.load({}, points=points) == ()


def test_settings_are_typed_and_errors_name_the_path(make: Make) -> None:
    source = (
        "import msgspec\n"
        "class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n    days: int = 7\n"
        "@hookimpl\ndef settings_schema(): return Settings\n"
    )
    assert make(source, "typed", days="9").settings.days == 9  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"plugins\.typed: unknown setting 'dyas' \(known: days\)"):
        make(source, "typed", dyas=1)
    with pytest.raises(ConfigError, match=r"plugins\.plain: unknown setting 'days' \(it takes none\)"):
        make("", "plain", days=1)


def test_a_plugin_has_all_it_declared(make: Make) -> None:
    plugin = make(
        KEYS.format("A:{date}")
        + "@hookimpl\ndef message_handlers(settings): return [Handler(AttributeShared, print)]\n"
        + "@hookimpl\ndef live_channels(): return [Channel('orgs', replay=3)]\n"
        + "@hookimpl\ndef navigation(): return (NavItem('Sample'),)\n"
        + "import click\n"
        + "@hookimpl\ndef commands(): return [click.Command('greet', callback=lambda: click.echo('hello'))]\n"
    )
    assert [family.pattern for family in plugin.keys] == ["A:{date}"]
    assert plugin.handlers[0].function is print
    assert plugin.channels[0].replay == 3
    assert plugin.navigation[0].title == "Sample"
    assert CliRunner().invoke(plugin.commands[0]).output == "hello\n"
    assert plugins.hooks_of(plugin.module) == (
        "redis_keys",
        "message_handlers",
        "live_channels",
        "navigation",
        "commands",
    )


FIRST_PARTY: tuple[ModuleType, ...] = (watchfloor_activity, watchfloor_hashstore, watchfloor_trendings)
DOCS = Path(__file__).parents[2] / "docs" / "hooks.md"
TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("hook", plugins.hook_names())
def test_every_hook_is_documented_tested_and_used_by_a_plugin_of_ours(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    arguments = ", ".join(spec.__code__.co_varnames[: spec.__code__.co_argcount])
    assert f"### `{hook}({arguments})`" in DOCS.read_text(encoding="utf-8")
    assert spec.__doc__
    assert "Used" in spec.__doc__ or "Called first" in spec.__doc__
    assert any(hook in plugins.hooks_of(module) for module in FIRST_PARTY)
    implemented = re.compile(rf"@hookimpl(?:\\n|\n)def {hook}\(")
    assert any(implemented.search(file.read_text(encoding="utf-8")) for file in TESTS.rglob("test_*.py"))
