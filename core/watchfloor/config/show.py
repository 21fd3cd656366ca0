"""The effective configuration as people may see it: secrets hidden, each value with its origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from watchfloor.config import layers
from watchfloor.config.load import Loaded
from watchfloor.config.schema import is_secret
from watchfloor.store.urls import redact

HIDDEN = "********"


class Entry(NamedTuple):
    """One value: its path, what may be shown of it, and where it came from."""

    path: str
    shown: str
    origin: str


def effective(loaded: Loaded, plugins: Mapping[str, msgspec.Struct]) -> list[Entry]:
    """Every setting of the core and of the enabled plugins, defaults included."""
    tree = msgspec.to_builtins(loaded.settings)
    tree["plugins"] = {name: msgspec.to_builtins(settings) for name, settings in plugins.items()}
    secret = set(_secrets(loaded.settings, ""))
    for name, settings in plugins.items():
        secret |= set(_secrets(settings, f"plugins.{name}"))
    return [_entry(loaded, path, value, path in secret) for path, value in layers.leaves(tree)]


def _entry(loaded: Loaded, path: str, value: Any, secret: bool) -> Entry:
    reference = loaded.sources.references.get(path)
    origin = (layers.origin_at(loaded.sources.origins, path) or "default") + (
        f" ({reference})" if reference else ""
    )
    if value is not None and (secret or reference):
        return Entry(path, HIDDEN, origin)
    return Entry(path, redact(value) if isinstance(value, str) and "://" in value else _text(value), origin)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode() if not isinstance(value, str) else value


def _secrets(value: Any, path: str) -> Iterator[str]:
    """The paths of fields whose type is marked as secret."""
    if isinstance(value, msgspec.Struct):
        info: Any = msgspec.inspect.type_info(type(value))
        for field in info.fields:
            inner = f"{path}.{field.name}" if path else field.name
            if is_secret(field.type):
                yield inner
            yield from _secrets(getattr(value, field.name), inner)
    elif isinstance(value, tuple | list):
        for i, item in enumerate(value):
            yield from _secrets(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, f"{path}.{name}")
