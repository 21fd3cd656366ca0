"""What a plugin may declare, beyond its type: refused at the start is what nobody would notice later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import msgspec

from watchfloor.contracts import Handler, Keys, Kind, RawHandler
from watchfloor.errors import PluginError
from watchfloor.health import Check
from watchfloor.misp import TOPICS, Activity
from watchfloor.panels import SHARED, Panel

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHECK = re.compile(r"[a-z][a-z0-9-]*")
_KINDS: tuple[str, ...] = get_args(Kind)


def check_settings(plugin: str, schema: type) -> None:
    """PluginError unless settings cannot be changed, and a name that there is not is an error."""
    if not issubclass(schema, msgspec.Struct):
        raise PluginError(plugin, f"settings_schema must return a msgspec.Struct, not {schema.__name__}")
    if not (schema.__struct_config__.frozen and schema.__struct_config__.forbid_unknown_fields):
        raise PluginError(
            plugin,
            f"its settings must be class {schema.__name__}(Struct, frozen=True, forbid_unknown_fields=True)",
        )


def check_keys(plugin: str, families: Iterable[Keys]) -> None:
    """PluginError for a type of key that there is not."""
    for family in families:
        if family.kind not in _KINDS:
            known = ", ".join(_KINDS)
            raise PluginError(plugin, f"the kind of {family.pattern} is '{family.kind}' (known: {known})")


def check_handlers(plugin: str, handlers: Iterable[Handler | RawHandler]) -> None:
    """PluginError for a handler that could never run."""
    for handler in handlers:
        if isinstance(handler, RawHandler):
            if handler.topic in TOPICS:
                raise PluginError(plugin, f"the core reads {handler.topic}: use Handler, not RawHandler")
        elif not (isinstance(handler.activity, type) and issubclass(handler.activity, Activity)):
            raise PluginError(
                plugin, f"Handler takes the type of an activity first, not {handler.activity!r}"
            )
        if not callable(handler.function):
            raise PluginError(plugin, f"a handler takes a function last, not {handler.function!r}")


def check_health(plugin: str, checks: Sequence[Check]) -> None:
    """PluginError for a check that could not be run, or told from another."""
    names = [check.name for check in checks]
    for check in checks:
        if not callable(check.run):
            raise PluginError(plugin, f"the check '{check.name}' takes a function to run, not {check.run!r}")
        if not _CHECK.fullmatch(check.name):
            raise PluginError(
                plugin, f"the check name {check.name!r} may hold small letters, digits and '-' only"
            )
        if names.count(check.name) > 1:
            raise PluginError(plugin, f"declares the check '{check.name}' twice: rename one")


def check_panels(plugin: str, panels: Iterable[Panel]) -> None:
    """PluginError for a panel that no page could show: what its parts say of each other must fit."""
    for panel in panels:
        if not callable(panel.data):
            raise PluginError(
                plugin, f"the panel '{panel.name}' takes a function as data, not {panel.data!r}"
            )
        if panel.name.endswith(".csv"):
            raise PluginError(plugin, f"the panel '{panel.name}' ends as its own rows do: rename it")
        for problem in _problems(panel):
            raise PluginError(plugin, f"the panel '{panel.name}' {problem}")


def _problems(panel: Panel) -> Iterator[str]:
    columns, options = [c.name for c in panel.columns], [o.name for o in panel.options]
    for what, names in (("column", columns), ("option", options)):
        for name in names:
            if not _NAME.fullmatch(name):
                yield f"has the {what} {name!r}: its name may hold small letters, digits and '_' only"
            if names.count(name) > 1:
                yield f"declares the {what} '{name}' twice: rename one"
    for name in set(options).intersection(SHARED) - {"org"}:
        yield f"has the option '{name}', which means something on every page: rename it"
    drawn = [panel.chart.x, panel.chart.y, panel.chart.by] if panel.chart else []
    named = [column.link for column in panel.columns] + drawn
    for name in filter(None, named):
        if name not in columns:
            yield f"names the column '{name}', which it does not declare"
