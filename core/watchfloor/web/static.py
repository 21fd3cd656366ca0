"""Files of the core and of the plugins, and the URLs under which browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.middleware import Middleware
    from starlette.responses import Response
    from starlette.types import Scope

    from watchfloor.plugins import Plugin

CORE = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"
_CHECKED = "no-cache"
_A_WEEK = "public, max-age=604800"


class _Files(StaticFiles):
    """A folder. A URL with the content's version may be kept for ever, any other is asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _caching(path, scope["query_string"])
        return response


def _caching(path: str, query: bytes) -> str:
    if query.startswith(b"v="):
        return _FOREVER
    return _A_WEEK if path.endswith(".woff2") else _CHECKED


class Static:
    """Where the files are: the core's directly under `/static/`, a plugin's under `/static/<plugin>/`."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        folders = {plugin.name: plugin.folder / "static" for plugin in plugins}
        self._folders: Mapping[str, Path] = {name: path for name, path in folders.items() if path.is_dir()}

    def routes(self, middleware: Sequence[Middleware] = ()) -> list[Mount]:
        """The routes that serve them, each behind the middleware."""
        folders = {**{f"/static/{name}": path for name, path in self._folders.items()}, "/static": CORE}
        return [Mount(to, _Files(directory=path), middleware=middleware) for to, path in folders.items()]

    def url(self, path: str) -> str:
        """The URL of a file by its path under `/static/`, with the version of its content."""
        file = self._file(path)
        if not file.is_file():
            raise FileNotFoundError(f"there is no static file '{path}'")
        return f"/static/{path}?v={_version(file, file.stat().st_mtime_ns)}"

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._file(path).is_file()

    def _file(self, path: str) -> Path:
        owner, _, rest = path.partition("/")
        return self._folders[owner] / rest if owner in self._folders else CORE / path


@lru_cache(maxsize=1000)
def _version(file: Path, _modified: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
