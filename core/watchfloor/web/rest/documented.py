"""Plugins' own routes in the API's description: those whose docstring says it in YAML, below a `---`.

That is Starlette's convention (`starlette.schemas`). What is no OpenAPI operation stops the start.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import yaml
from starlette.schemas import SchemaGenerator

from watchfloor.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.plugins import Plugin


def documented(plugins: Sequence[Plugin]) -> dict[str, dict[str, Any]]:
    """The operations by path and method; PluginError for a description that cannot be read."""
    paths: dict[str, dict[str, Any]] = {}
    for plugin in plugins:
        for endpoint in SchemaGenerator({}).get_endpoints(list(plugin.routes)):
            _, found, text = (inspect.getdoc(endpoint.func) or "").partition("\n---\n")
            if found:
                path = f"/{plugin.name}{endpoint.path}"
                told = _read(plugin.name, f"{endpoint.http_method.upper()} {path}", text)
                paths.setdefault(path, {})[endpoint.http_method] = {"tags": [plugin.name], **told}
    return paths


def _read(plugin: str, route: str, text: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = str(getattr(error, "problem_mark", "")).strip()
        raise PluginError(plugin, f"the description of {route} is no YAML ({where}): mend it") from error
    if not isinstance(told, dict) or not isinstance(told.get("responses"), dict):
        raise PluginError(
            plugin, f"the description of {route} lacks 'responses': an OpenAPI operation has some"
        )
    return told
