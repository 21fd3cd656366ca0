"""Days, nights and bursts: from how many messages there were to what time it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import chain
from math import ceil, inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# How busy an instance is, hour by hour: people from nine to six, automatons all night.
HOURS = (
    0.25, 0.20, 0.20, 0.20, 0.22, 0.25, 0.40, 0.80, 1.50, 2.10, 2.30, 2.20,
    1.60, 1.80, 2.20, 2.10, 1.80, 1.30, 0.80, 0.55, 0.45, 0.40, 0.35, 0.30,
)  # fmt: skip
WEEKEND = 0.3
# What a stretch of time is multiplied by; the mean is 1.
BURSTS = (0.4, 0.4, 0.4, 0.4, 0.4, 1.0, 1.0, 1.0, 1.7, 3.3)

_MEAN = sum(HOURS) / 24 * (5 + 2 * WEEKEND) / 7

Slots = Iterator[tuple[float, float]]


def daily(moment: float, zone: tzinfo) -> float:
    """How busy it is at a moment, 1 being the mean over a week.

    >>> from datetime import UTC
    >>> daily(1_700_042_000, UTC) > daily(1_700_042_000 - 12 * 3600, UTC)
    True
    """
    local = datetime.fromtimestamp(moment, zone)
    return HOURS[local.hour] / _MEAN * (WEEKEND if local.weekday() > 4 else 1.0)


class Tempo:
    """A clock that is driven by the number of messages.

    `slots` are stretches of time: their length in seconds and their messages per second. They run
    from `start`; after the last one no message is ever due.
    """

    def __init__(self, start: float, slots: Slots) -> None:
        self._start = start
        self._length, self._rate = 0.0, 1.0
        self._count = 0.0
        self._slots = slots

    @property
    def rate(self) -> float:
        """Messages per second at present."""
        return self._rate

    def at(self, count: float) -> float:
        """When `count` messages have been sent; it never goes back behind the present stretch."""
        while count > self._count + self._length * self._rate:
            self._start += self._length
            self._count += self._length * self._rate
            slot = next(self._slots, None)
            if slot is None:
                self._start = self._length = inf
            else:
                self._length, self._rate = slot
        return self._start + max(0.0, count - self._count) / self._rate


def past(rng: Random, zone: tzinfo, *, start: float, end: float, count: int) -> Tempo:
    """`count` messages between two moments, by day and night, in bursts of ten minutes."""
    pieces = max(1, ceil((end - start) / 600))
    length = (end - start) / pieces
    bursts = _bursts(rng)
    weights = [daily(start + (i + 0.5) * length, zone) * next(bursts) for i in range(pieces)]
    scale = count / (sum(weights) * length)
    return Tempo(start, iter([(length, weight * scale) for weight in weights]))


def present(rng: Random, zone: tzinfo | None, *, start: float, rate: float) -> Tempo:
    """`rate` messages a second without end, in bursts of a quarter of a minute.

    With a `zone` there are days and nights in it, and `rate` is the mean over a week.
    """
    return Tempo(start, _quarters(rng, zone, start, rate))


def _quarters(rng: Random, zone: tzinfo | None, start: float, rate: float) -> Slots:
    for burst in chain([1.0], _bursts(rng)):
        yield 15.0, rate * burst * (daily(start, zone) if zone else 1.0)
        start += 15.0


def _bursts(rng: Random) -> Iterator[float]:
    """All of them in any order, again and again, so that the mean holds in the short run, too."""
    while True:
        yield from rng.sample(BURSTS, len(BURSTS))
