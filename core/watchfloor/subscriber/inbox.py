"""Frames in memory, between the thread that receives and the thread that stores."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OVERHEAD = 120  # bytes that an object, its tuple and its place in the queue take
_SAME = 1000  # milliseconds within which two listeners receive the same message


class Inbox:
    """A queue in order of receipt; what would exceed `limit` bytes is dropped, and counted."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.dropped = 0
        self._items: deque[tuple[int, bytes]] = deque()
        self._filled = threading.Condition()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, milliseconds: int, frames: Sequence[bytes]) -> None:
        """Add frames that were received at that time (Unix milliseconds)."""
        with self._filled:
            for frame in frames:
                size = len(frame) + _OVERHEAD
                if self.size + size > self.limit and self._items:
                    self.dropped += 1
                    continue
                self.size += size
                self._items.append((milliseconds, frame))
            self._filled.notify()

    def take(self, count: int, size: int) -> list[tuple[int, bytes]]:
        """The oldest frames, at most `count` of them, and `size` bytes where more than one."""
        taken: list[tuple[int, bytes]] = []
        with self._filled:
            while self._items and len(taken) < count:
                size -= len(self._items[0][1])
                if size < 0 and taken:
                    break
                taken.append(self._pop())
        return taken

    def wait(self, seconds: float) -> None:
        """Until there is something, at most that long."""
        with self._filled:
            if not self._items:
                self._filled.wait(seconds)

    def forget(self, before: int, size: int) -> None:
        """Remove what was received before a time (Unix milliseconds), and the oldest beyond `size` bytes."""
        with self._filled:
            while self._items and (self._items[0][0] < before or self.size > size):
                self._pop()

    def skip(self, milliseconds: int, same: Callable[[bytes], bool]) -> bool:
        """Remove all up to the frame that another listener stored last, received at that time; was it met?

        If it was not, all that came up to that time is removed, unless that time is yet to come.
        """
        now = time.time_ns() // 1_000_000
        with self._filled:
            near = [
                (abs(when - milliseconds), place)
                for place, (when, frame) in enumerate(self._items)
                if abs(when - milliseconds) <= _SAME and same(frame)
            ]
            before = sum(when <= milliseconds <= now for when, _ in self._items)
            for _ in range(min(near)[1] + 1 if near else before):
                self._pop()
        return bool(near)

    def _pop(self) -> tuple[int, bytes]:
        item = self._items.popleft()
        self.size -= len(item[1]) + _OVERHEAD
        return item
