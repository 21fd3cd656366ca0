"""`config.yaml`, environment and command line -> typed settings, or one sentence saying what is wrong."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from watchfloor.config import layers
from watchfloor.config.schema import names_at, secret_at, steps
from watchfloor.config.settings import Settings
from watchfloor.errors import ConfigError
from watchfloor.store.urls import redact

DEFAULT_FILE = Path("config.yaml")
S = TypeVar("S")


@dataclass(frozen=True)
class Sources:
    """Where values came from: `origins` by path, `file` for the rest.

    `references` holds the paths whose value came through `$env:` or `$file:`: never shown.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    file: str = "configuration"


@dataclass(frozen=True)
class Loaded:
    """The settings, the file they were read from, and where each value came from."""

    settings: Settings
    file: Path | None = None
    sources: Sources = Sources()


def load(
    file: Path | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """The effective configuration.

    `file` None takes `config.yaml` of the working directory if there is one, else the defaults.
    `overrides` are `path=value` of the command line. Raises ConfigError.
    """
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    told = layers.read_file(file) if file else {}
    origins = {path: str(file) for path, _ in layers.leaves(told)} if told else {}
    tree = _collections() | {key: value for key, value in told.items() if value is not None}
    for path, text, origin in _set(overrides, os.environ if environ is None else environ):
        _override(tree, origins, path, text, origin)
    references: dict[str, str] = {}
    tree = layers.resolve(tree, references.__setitem__, file.parent if file else Path())
    sources = Sources(origins, references, str(file or "configuration"))
    return Loaded(_checked(convert(_sections(tree), Settings, "", sources)), file, sources)


def _collections() -> layers.Tree:
    """Feeds and plugins by default: what is set of one of them leaves the others in place."""
    defaults: layers.Tree = msgspec.to_builtins(Settings())
    return {"feeds": list(defaults["feeds"]), "plugins": defaults["plugins"]}


def _set(overrides: Sequence[str], environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Path, value and origin of what goes before the file, what goes before all else last."""
    for path, text in layers.environment(environ).items():
        yield path, text, f"environment {layers.ENV_PREFIX}{_variable(path)}"
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"--set {override}: must be path=value, such as web.port=8002")
        yield path.strip(), text, "command line"


def _variable(path: str) -> str:
    return path.upper().replace(".", "__")


def _override(tree: layers.Tree, origins: dict[str, str], path: str, text: str, origin: str) -> None:
    layers.set_path(tree, path, text, origin)
    shown = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)
    layers.forget_inside(origins, shown)
    origins[shown] = origin


def _sections(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """`geo:` with nothing behind it means the plugin with its defaults."""
    tree = dict(tree)
    if isinstance(plugins := tree.get("plugins"), dict):
        tree["plugins"] = {name: _section(name, section) for name, section in plugins.items()}
    elif isinstance(plugins, list):
        raise ConfigError("plugins: must map names to settings, such as 'trendings: {}', not be a list")
    return tree


def _section(name: str, section: object) -> object:
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ConfigError(f"plugins.{name}: must map settings to values, or be {{}}{_shown(section)}")
    return section


def _checked(settings: Settings) -> Settings:
    names = [feed.name for feed in settings.feeds]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"feeds: the name '{name}' stands twice; give each feed a name of its own")
    for i, feed in enumerate(settings.feeds):
        pair = (feed.curve_public_key, feed.curve_secret_key)
        if any(pair) and not (all(pair) and feed.curve_server_key):
            raise ConfigError(
                f"feeds[{i}]: curve_public_key and curve_secret_key go together, and with curve_server_key"
            )
    zone(settings)
    for i, proxy in enumerate(settings.web.trusted_proxies):
        if network(proxy) is None:
            raise ConfigError(
                f"web.trusted_proxies[{i}]: '{proxy}' is neither an address nor a network, "
                "such as 127.0.0.1 or 10.0.0.0/8"
            )
    return settings


def network(text: str) -> str | None:
    """An address or network as it is written everywhere, None for what is none.

    >>> network("127.0.0.1"), network("10.1.2.3/8"), network("localhost")
    ('127.0.0.1/32', '10.0.0.0/8', None)
    """
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def zone(settings: Settings) -> ZoneInfo:
    """The time zone in which days are cut; ConfigError for a name that nobody knows."""
    name = _local_zone() if settings.timezone == "local" else settings.timezone
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, a path that leads out, a name that nobody knows
        raise ConfigError(
            f"timezone: '{name}' is not a time zone; say 'local', 'UTC' or 'Europe/Paris'"
        ) from None


def _local_zone() -> str:
    """The machine's IANA zone, from TZ or /etc/localtime; UTC where neither tells."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        target = os.path.realpath("/etc/localtime")
        name = target.partition("/zoneinfo/")[2].removeprefix("posix/")
    return name or "UTC"


_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")


def convert(tree: Any, schema: type[S], path: str, sources: Sources) -> S:
    """The tree as the schema's type; ConfigError with the faulty path, what it is, and the remedy.

    `path` is where the tree sits in the configuration (`plugins.geo`).
    """
    try:
        return msgspec.convert(tree, schema, strict=False)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        inner = (match["path"] or "") if match else ""
        what = match["what"] if match else str(error)
        where = (path + inner).lstrip(".")
        unknown = _UNKNOWN.match(what)
        blamed = f"{where}.{unknown[1]}".lstrip(".") if unknown else where
        source = layers.origin_at(sources.origins, blamed) or sources.file
        hidden = where in sources.references or secret_at(schema, inner)
        raise ConfigError(f"{source}: {_sentence(what, where, tree, inner, schema, hidden=hidden)}") from None


def _sentence(what: str, where: str, tree: Any, inner: str, schema: type, *, hidden: bool) -> str:
    if unknown := _UNKNOWN.match(what):
        names = ", ".join(sorted(names_at(schema, inner)))
        known = f"known: {names}" if names else "it takes none"
        return f"{_label(where)}unknown setting '{unknown[1]}' ({known})"
    if missing := _MISSING.match(what):
        return f"{_label(where)}the setting '{missing[1]}' is missing"
    return f"{_label(where)}{_plain(what)}{'' if hidden else _shown(_value_at(tree, inner))}"


def _shown(value: object) -> str:
    """A faulty value behind the sentence on it; one that holds others may hold secrets."""
    if isinstance(value, dict | list):
        return ""
    return f" ({redact(value)!r})" if isinstance(value, str) else f" ({value!r})"


_WORDS = {
    "`object`": "settings",
    "`array`": "a list",
    "`str`": "text",
    "`str | null`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`null`": "nothing",
}


def _plain(what: str) -> str:
    for term, word in _WORDS.items():
        what = what.replace(term, word)
    return what[:1].lower() + what[1:]


def _label(where: str) -> str:
    return f"{where}: " if where else ""


def _value_at(tree: Any, path: str) -> Any:
    for step in steps(path):
        if isinstance(tree, list) and step.isdigit():
            tree = tree[int(step)]
        elif isinstance(tree, dict) and step in tree:
            tree = tree[step]
        else:
            return tree
    return tree
