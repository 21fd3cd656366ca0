"""Sightings: somebody saw an indicator, or says that it is harmless or over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import wire
from watchfloor.simulate.chance import Weighted, uuid
from watchfloor.simulate.model import Attribute, Event, Sighting
from watchfloor.simulate.words import SOURCES

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.world import World

_KINDS = Weighted((0, 1, 2), (86, 11, 3))
_REMEMBERED = 20


def sight(world: World) -> Instants:
    """An attribute is seen, by one organisation or by many within minutes."""
    found = world.recent_attribute()
    if found is None:
        return
    event, attribute = found
    times = 1 if world.chance(0.6) else world.rng.randrange(2, 15)
    for _ in range(times):
        sighting = _sighting(world)
        _remember(event, attribute, sighting)
        yield [wire.sighting(event, attribute, sighting, "add")]


def _sighting(world: World) -> Sighting:
    rng = world.rng
    late = rng.randrange(86_400) if rng.random() < 0.15 else rng.randrange(60)
    return Sighting(
        id=world.next_id("sighting"),
        uuid=uuid(rng),
        organisation=world.user().organisation,
        date=world.second - late,
        source=rng.choice(SOURCES),
        kind=_KINDS.pick(rng),
    )


def _remember(event: Event, attribute: Attribute, sighting: Sighting) -> None:
    event.sighting_timestamp = sighting.date
    attribute.sightings.append(sighting)
    del attribute.sightings[:-_REMEMBERED]


def take_back(world: World) -> Instants:
    """A sighting was a mistake."""
    for event in reversed(world.events):
        for attribute in event.attributes:
            if attribute.sightings:
                yield [wire.sighting(event, attribute, attribute.sightings.pop(), "delete")]
                return
