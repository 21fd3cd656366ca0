"""Work that many requests ask for at the same moment, done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_KEPT = 200


class Shared(Generic[T]):
    """Results by key. One is shared as long as its version stays the same, for `age` seconds at most."""

    def __init__(self, age: float = 1.0) -> None:
        self._age = age
        self._made: dict[Hashable, tuple[Hashable, float, asyncio.Task[T]]] = {}

    async def get(self, key: Hashable, version: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result for a key at this version: one that is there or in the making, else a new one."""
        found = self._made.get(key)
        if found is None or found[0] != version or time.monotonic() - found[1] > self._age:
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[key] = found = (version, time.monotonic(), asyncio.create_task(make()))
        # Whoever asked first may go; the others still want it.
        return await asyncio.shield(found[2])
