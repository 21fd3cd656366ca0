"""The connections of a process that works or serves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from watchfloor import RedisAccess
from watchfloor_hashstore.connect import connect
from watchfloor_hashstore.settings import StoreSettings


class Pool(AbstractContextManager["Pool"]):
    """The store's Redis: its own, or the core's; connected when it is first asked for."""

    def __init__(self, settings: StoreSettings, core: RedisAccess) -> None:
        self._settings = settings
        self._core = core
        self._client: Any = None
        self._ends: list[Callable[[], None]] = []

    def at_end(self, function: Callable[[], None]) -> None:
        """Call this before the connection is closed, each time."""
        self._ends.append(function)

    @property
    def own(self) -> bool:
        """Whether it is another Redis than the core's."""
        return self._settings.url is not None

    @property
    def redis(self) -> Any:
        """A waiting client, replies in bytes; threads may share it."""
        if self._client is None:
            self._client = self._core.connect() if self._settings.url is None else connect(self._settings)
        return self._client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for end in self._ends:
            end()
        if self._client is not None:
            self._client.close()
        self._client = None
