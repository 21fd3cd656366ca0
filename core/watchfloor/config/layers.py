"""Where configuration comes from: defaults < file < environment < command line.

Pure functions over nested dicts; `origins` maps each path that was set to where its value came from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from watchfloor.config.settings import Settings
from watchfloor.errors import ConfigError

Tree = dict[str, Any]
ENV_PREFIX = "WATCHFLOOR_"
_TOP_LEVEL = frozenset(Settings.__struct_fields__)


class _UniqueKeys(yaml.SafeLoader):
    """YAML's last-one-wins for repeated keys hides mistakes; here it is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_file(path: Path) -> Tree:
    """The file's tree; a file that is missing, unreadable or no YAML mapping is a ConfigError."""
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name another with --config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}: {_yaml_problem(error)}") from error
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid YAML: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: must hold settings such as 'web: {{port: 8001}}', not a {_kind(tree)}")
    return tree


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}not valid YAML: {error.problem or error.context}"


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Paths and values of the variables that name settings: `WATCHFLOOR_WEB__PORT` -> `web.port`.

    Variables without `__` count only when they name a top-level setting: the others are options of
    commands.
    """
    found = {}
    for name, value in environ.items():
        path = name.removeprefix(ENV_PREFIX).lower().replace("__", ".")
        if name.startswith(ENV_PREFIX) and ("." in path or path in _TOP_LEVEL):
            found[path] = value
    return found


def set_path(tree: Tree, path: str, text: str, origin: str) -> None:
    """Put the text at a dotted path, making what is missing; `[...]` and `{...}` may be YAML."""
    *parents, last = path.split(".")
    node: Any = tree
    for part in parents:
        node = _child(node, part, path, origin)
    if isinstance(node, list):
        node[_index(node, last, path, origin)] = _value(text)
    else:
        node[last] = _value(text)


def _value(text: str) -> Any:
    if text[:1] not in ("[", "{"):
        return text
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return text  # a password may begin like this, so what is wrong with it must not be told


def _child(node: Any, part: str, path: str, origin: str) -> Any:
    if isinstance(node, list):
        return node[_index(node, part, path, origin)]
    child = node.setdefault(part, {})
    if child is None:
        child = node[part] = {}
    if not isinstance(child, dict | list):
        raise ConfigError(f"{origin}: {path}: '{part}' is a value, it has no settings of its own")
    return child


def _index(node: list[Any], part: str, path: str, origin: str) -> int:
    if part.isdigit() and int(part) < len(node):
        return int(part)
    raise ConfigError(f"{origin}: {path}: there is no number {part} in a list of {len(node)}")


def leaves(tree: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    """Every path and value of a tree, lists indexed as `feeds[0].url`."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list | tuple) and tree:
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path, tree


def origin_at(origins: Mapping[str, str], path: str) -> str | None:
    """Where that which stands at a path was set: itself, else what holds it, else what it holds."""
    around = [known for known in origins if _holds(known, path)]
    inside = [known for known in origins if _holds(path, known)]
    return origins[max(around, key=len)] if around else next((origins[known] for known in inside), None)


def forget_inside(origins: dict[str, str], path: str) -> None:
    """Remove what was known of a path, and of all in it: something else stands there now."""
    for known in [known for known in origins if _holds(path, known)]:
        del origins[known]


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


_REFERENCE = re.compile(r"^\$(env|file):(.+)$", re.DOTALL)


def resolve(tree: Any, note: Callable[[str, str], None], base: Path, path: str = "") -> Any:
    """The tree with `$env:NAME` and `$file:path` replaced; `note(path, reference)` hears of each.

    Relative files are looked up beside the configuration file (`base`).
    """
    if isinstance(tree, dict):
        return {
            key: resolve(value, note, base, f"{path}.{key}" if path else str(key))
            for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [resolve(value, note, base, f"{path}[{i}]") for i, value in enumerate(tree)]
    match = _REFERENCE.match(tree) if isinstance(tree, str) else None
    if not match:
        return tree
    note(path, tree)
    return _from_environment(match[2], path) if match[1] == "env" else _from_file(base / match[2], path)


def _from_environment(name: str, path: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ConfigError(f"{path}: the environment variable {name} is not set") from None


def _from_file(file: Path, path: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the file {file} cannot be read ({error})") from None


def _kind(value: object) -> str:
    return {list: "list", str: "text", int: "number", float: "number", bool: "truth value"}.get(
        type(value), type(value).__name__
    )
