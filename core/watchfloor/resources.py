"""What plugins keep open: entered once in a process that works or serves, and left with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from watchfloor.errors import PluginError, WatchfloorError
from watchfloor.store.connect import connect

if TYPE_CHECKING:
    from watchfloor.config.settings import RedisSettings


class Access:
    """The core's Redis as a plugin's resources see it; one plugin's connections bear its name."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._place: tuple[RedisSettings, str] | None = None

    def bind(self, settings: RedisSettings, url: str) -> None:
        """From now on it is known where Redis is."""
        self._place = settings, url

    def connect(self) -> Any:
        """A client with replies in bytes."""
        if self._place is None:
            raise RuntimeError(f"plugin '{self._plugin}' asks for Redis before its resources are entered")
        return connect(*self._place, role=self._plugin)


class Opener:
    """Enters every plugin's resources for the first who needs them, and leaves them after the last."""

    def __init__(self, resources: Mapping[str, tuple[AbstractContextManager[Any], Access]]) -> None:
        self._resources = resources
        self._lock = threading.Lock()
        self._users = 0
        self._stack = ExitStack()

    @contextmanager
    def entered(self, settings: RedisSettings, url: str) -> Iterator[None]:
        """They are open within the block. PluginError names the one that cannot be entered."""
        with self._lock:
            if not self._users:
                self._enter(settings, url)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._stack.close()

    def _enter(self, settings: RedisSettings, url: str) -> None:
        for name, (resource, access) in self._resources.items():
            access.bind(settings, url)
            try:
                self._stack.enter_context(resource)
            except Exception as error:
                self._stack.close()
                if isinstance(error, WatchfloorError):
                    raise
                problem = f"its resources cannot be opened: {type(error).__name__}: {error}"
                raise PluginError(name, problem) from error
