"""Picking at random, from the world's own source of randomness."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

T = TypeVar("T")


class Weighted(Generic[T]):
    """Things to pick from, some more often than others."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self._things = things
        self._cumulated = list(accumulate(weights))

    def pick(self, rng: Random) -> T:
        return rng.choices(self._things, cum_weights=self._cumulated)[0]


def uuid(rng: Random) -> str:
    """A random UUID of version 4."""
    h = f"{rng.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def digits(rng: Random, length: int) -> str:
    """A random number of `length` hexadecimal digits."""
    return f"{rng.getrandbits(length * 4):0{length}x}"
