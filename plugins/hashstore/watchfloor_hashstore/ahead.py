"""What comes next, worked out while somebody waits for something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


class Ahead(Iterator[T]):
    """An iterator whose next item can be worked out before it is asked for.

    >>> items = Ahead(iter("ab"))
    >>> items.prepare()
    >>> list(items)
    ['a', 'b']
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._ready: list[T] = []

    def prepare(self) -> None:
        """Work out the next item, if there is one, and it is not done."""
        if not self._ready:
            self._ready.extend(islice(self._items, 1))

    def __next__(self) -> T:
        return self._ready.pop() if self._ready else next(self._items)
