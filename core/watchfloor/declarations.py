"""What a plugin may declare, beyond its type: refused at the start is what nobody would notice later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from watchfloor.contracts import Handler, Keys, Kind, RawHandler
from watchfloor.errors import PluginError
from watchfloor.misp import TOPICS, Activity

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
