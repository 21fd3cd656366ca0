"""Discover, load and check plugins: the one place that touches pluggy.

Whatever is wrong with a plugin stops the start with one sentence that names it and says what to do.
"""

from __future__ import annotations

import difflib
import inspect
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import msgspec
import pluggy
from starlette.routing import BaseRoute

from watchfloor import hookspecs
from watchfloor.config import Sources, convert
from watchfloor.contracts import AfterCommit, Channel, Demo, Handler, Keys, RawHandler
from watchfloor.declarations import check_handlers, check_health, check_keys, check_panels, check_settings
from watchfloor.errors import ConfigError, PluginError
from watchfloor.health import Check
from watchfloor.panels import NavItem, Panel
from watchfloor.resources import Access, Opener
from watchfloor.store.families import CORE, Families

GROUP = "watchfloor.plugins"


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a plugin that takes none."""


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: where it comes from, and everything it declared."""

    name: str
    module: ModuleType
    distribution: str
    version: str
    settings: msgspec.Struct
    resources: AbstractContextManager[Any] | None = None
    access: Access | None = None
    keys: tuple[Keys, ...] = ()
    handlers: tuple[Handler, ...] = ()
    raw_handlers: tuple[RawHandler, ...] = ()
    after_commit: AfterCommit | None = None
    channels: tuple[Channel, ...] = ()
    routes: tuple[BaseRoute, ...] = ()
    navigation: tuple[NavItem, ...] = ()
    panels: tuple[Panel, ...] = ()
    checks: tuple[Check, ...] = ()
    demo: Demo = field(default_factory=Demo)
    commands: tuple[click.Command, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the plugin's `templates/` and `static/` are, if it has any."""
        return Path(inspect.getfile(self.module)).parent


def installed() -> dict[str, EntryPoint]:
    """Every installed plugin by name; none of them is imported. Two of one name are a PluginError."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in found and _source(found[point.name]) != _source(point):
            raise PluginError(
                point.name,
                f"both {_source(found[point.name])} and {_source(point)} bring it: uninstall one",
            )
        found[point.name] = point
    return found


def _source(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def load(
    sections: Mapping[str, Mapping[str, Any]],
    sources: Sources | None = None,
    points: Mapping[str, EntryPoint] | None = None,
) -> tuple[Plugin, ...]:
    """The plugins that the configuration lists, loaded and checked, in its order.

    `sections` maps names to their settings. Raises PluginError or ConfigError.
    """
    points = installed() if points is None else points
    loaded: list[Plugin] = []
    for name, section in sections.items():
        plugin = _load(name, section, sources or Sources(), points)
        _check_keys(plugin, loaded)
        loaded.append(plugin)
    return tuple(loaded)


def _load(
    name: str, section: Mapping[str, Any], sources: Sources, points: Mapping[str, EntryPoint]
) -> Plugin:
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        raise PluginError(
            name, f"is enabled but not installed (installed: {known}); install it or remove it from plugins"
        )
    module = _import(name, points[name])
    ask = _Hooks(name, module)
    schema = ask.value("settings_schema", type) or NoSettings
    check_settings(name, schema)
    settings = convert(dict(section), schema, f"plugins.{name}", sources)
    handlers = ask.all("message_handlers", (Handler, RawHandler), settings)
    check_handlers(name, handlers)
    keys = ask.all("redis_keys", (Keys,), settings)
    check_keys(name, keys)
    resources = ask.value("resources", AbstractContextManager, settings)
    panels = ask.all("panels", (Panel,), settings, resources)
    check_panels(name, panels)
    checks = ask.all("health_checks", (Check,), settings, resources)
    check_health(name, checks)
    dist = points[name].dist
    return Plugin(
        name=name,
        module=module,
        distribution=dist.name if dist else "",
        version=dist.version if dist else "",
        settings=settings,
        resources=resources,
        access=ask.access,
        keys=keys,
        handlers=tuple(h for h in handlers if isinstance(h, Handler)),
        raw_handlers=tuple(h for h in handlers if isinstance(h, RawHandler)),
        after_commit=ask.function("after_commit", settings, resources),
        channels=ask.all("live_channels", (Channel,), settings),
        routes=ask.all("routes", (BaseRoute,), settings, resources),
        navigation=ask.all("navigation", (NavItem,), settings),
        panels=panels,
        checks=checks,
        demo=ask.value("demo", Demo, settings) or Demo(),
        commands=ask.all("commands", (click.Command,), settings),
    )


def _import(name: str, point: EntryPoint) -> ModuleType:
    try:
        module = point.load()
    except ModuleNotFoundError as error:
        raise PluginError(name, _missing(name, point, error)) from error
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise PluginError(
            name,
            f"cannot be imported: {type(error).__name__}: {error} ({where.filename}:{where.lineno}); "
            "mend it, or remove it from plugins",
        ) from error
    if not isinstance(module, ModuleType):
        raise PluginError(name, f"its entry point '{point.value}' must name a module")
    return module


def _missing(name: str, point: EntryPoint, error: ModuleNotFoundError) -> str:
    if error.name == point.module.partition(".")[0]:
        return f"its module {error.name} is missing: reinstall {_source(point)}"
    extras = point.dist.metadata.get_all("Provides-Extra") or [] if point.dist else []
    install = f"'{_source(point)}[{name}]'" if name in extras else f"{error.name}"
    return f"needs {error.name}, which is not installed: pip install {install}"


class _Hooks:
    """One plugin's hooks, asked one at a time, so that every answer and every error has an owner."""

    def __init__(self, name: str, module: ModuleType) -> None:
        self.name = name
        self.access = Access(name)
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        try:
            self.manager.register(module, name)
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            problem = self._misspelt(module) or _surplus(module) or _one_line(error)
            raise PluginError(name, problem) from error

    def _misspelt(self, module: ModuleType) -> str | None:
        known = hook_names()
        for attribute in vars(module):
            marked = self.manager.parse_hookimpl_opts(module, attribute)
            if marked is not None and attribute not in known:
                close = difflib.get_close_matches(attribute, known, n=1)
                hint = f"did you mean {close[0]}?" if close else "known: " + ", ".join(known)
                return f"there is no hook '{attribute}' ({hint})"
        return None

    def _call(self, hook: str, settings: object, resources: object) -> Any:
        caller = getattr(self.manager.hook, hook)
        known = {"settings": settings, "resources": resources, "redis": self.access}
        arguments = {name: known[name] for name in caller.spec.argnames}
        try:
            answers = caller(**arguments)
        except (ConfigError, PluginError):
            raise
        except Exception as error:
            raise PluginError(self.name, f"{hook} failed: {type(error).__name__}: {error}") from error
        if caller.get_hookimpls() and not answers:
            raise PluginError(self.name, f"{hook} returned nothing: is a 'return' missing?")
        return answers[0] if answers else None

    def value(self, hook: str, kind: type, settings: object = None) -> Any:
        answer = self._call(hook, settings, None)
        if answer is not None and not isinstance(answer, kind):
            raise PluginError(self.name, f"{hook} must return a {kind.__name__}, not {answer!r}")
        return answer

    def function(self, hook: str, settings: object, resources: object) -> Any:
        answer = self._call(hook, settings, resources)
        if answer is not None and not callable(answer):
            raise PluginError(self.name, f"{hook} must return a function, not {answer!r}")
        return answer

    def all(
        self, hook: str, kinds: tuple[type, ...], settings: object, resources: object = None
    ) -> tuple[Any, ...]:
        answer = self._call(hook, settings, resources)
        if answer is None:
            return ()
        wanted = " or ".join(kind.__name__ for kind in kinds)
        if not isinstance(answer, Sequence) or isinstance(answer, str):
            raise PluginError(self.name, f"{hook} must return a list of {wanted}, not {answer!r}")
        for item in answer:
            if not isinstance(item, kinds):
                raise PluginError(self.name, f"{hook} must return a list of {wanted}; it holds {item!r}")
        return tuple(answer)


def _surplus(module: ModuleType) -> str | None:
    for hook in hooks_of(module):
        takes = inspect.signature(getattr(hookspecs, hook)).parameters
        for argument in inspect.signature(getattr(module, hook)).parameters:
            if argument not in takes:
                return f"{hook} has no argument '{argument}' (known: {', '.join(takes) or 'none'})"
    return None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def hook_names() -> tuple[str, ...]:
    """The name of every hook, in the order of hookspecs."""
    return tuple(
        name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")
    )


def hooks_of(module: ModuleType) -> tuple[str, ...]:
    """The hooks that a plugin's module implements."""
    return tuple(
        name for name in hook_names() if hasattr(getattr(module, name, None), f"{hookspecs.PROJECT}_impl")
    )


def _check_keys(plugin: Plugin, loaded: Sequence[Plugin]) -> None:
    claimed: dict[str, Iterable[Keys]] = {other.name: other.keys for other in loaded}
    for i, family in enumerate(plugin.keys):
        conflict = Families.of({**claimed, plugin.name: plugin.keys[:i]}).conflict(family)
        if conflict:
            owner, other = conflict
            whose = "the core" if owner == CORE else "itself" if owner == plugin.name else f"plugin '{owner}'"
            raise PluginError(
                plugin.name,
                f"claims the keys {family.pattern}, but {whose} owns {other.pattern}: rename them",
            )


def families(plugins: Sequence[Plugin]) -> Families:
    """The register of every key family of a site."""
    return Families.of({plugin.name: plugin.keys for plugin in plugins})


def opener(plugins: Sequence[Plugin]) -> Opener:
    """What enters the resources of a site's plugins."""
    return Opener({p.name: (p.resources, p.access) for p in plugins if p.resources and p.access})
