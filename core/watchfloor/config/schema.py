"""What a settings type says of a path in it: the names it takes there, and whether that is secret."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.inspect import Metadata, StructType, UnionType


def steps(path: str) -> list[str]:
    """The names and numbers of a path such as `feeds[0].url`."""
    return re.findall(r"[^.\[\]]+", path)


def names_at(schema: type, path: str) -> tuple[str, ...]:
    """The settings that a type takes at a path; none where it takes no settings."""
    found = _plain(_types_to(schema, path)[-1])
    return tuple(field.encode_name for field in found.fields) if isinstance(found, StructType) else ()


def secret_at(schema: type, path: str) -> bool:
    """Whether what stands at a path is secret, or a part of what is."""
    return any(is_secret(kind) for kind in _types_to(schema, path))


def is_secret(kind: Any) -> bool:
    """Whether a type, as msgspec.inspect describes it, is marked as `Secret`."""
    if isinstance(kind, UnionType):
        return any(is_secret(one) for one in kind.types)
    return isinstance(kind, Metadata) and bool((kind.extra or {}).get("secret"))


def _types_to(schema: type, path: str) -> list[Any]:
    """The types that are passed on the way to a path, the last one included."""
    passed: list[Any] = [msgspec.inspect.type_info(schema)]
    for step in steps(path):
        passed.append(_inside(_plain(passed[-1]), step))
    return passed


def _inside(kind: Any, step: str) -> Any:
    if isinstance(kind, StructType):
        return next((field.type for field in kind.fields if field.encode_name == step), kind)
    return getattr(kind, "value_type", None) or getattr(kind, "item_type", kind)


def _plain(kind: Any) -> Any:
    """Of a union, the settings among it."""
    if isinstance(kind, UnionType):
        return next((one for one in kind.types if isinstance(one, StructType)), kind)
    return kind
