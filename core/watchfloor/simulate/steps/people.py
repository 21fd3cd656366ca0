"""People: they log in, talk, join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire
from watchfloor.simulate.words import POSTS

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.world import World


def log_in(world: World) -> Instants:
    """A login shows in two topics at once."""
    user = world.user()
    yield [wire.user(user, "login"), audit.login(user, world.local_time)]
    user.last_login = world.second


def change_user(world: World) -> Instants:
    """An account is made or edited; MISP says each of the two for the other."""
    yield [wire.user(world.user(), "edit" if world.chance(0.3) else "add")]


def change_organisation(world: World) -> Instants:
    """An organisation joins, or its record is edited."""
    organisation = world.admit() or world.rng.choice(world.organisations)
    yield [wire.organisation(organisation, world.local_time)]


def discuss(world: World) -> Instants:
    """Somebody opens a discussion about an event; the first post comes in the same second."""
    event = world.recent_event()
    if event is None:
        return
    user, when = world.user(), world.local_time
    thread = world.next_id("thread")
    world.threads.append(thread)
    yield [
        wire.thread(event, user, when),
        wire.post(thread, world.rng.choice(POSTS), user, when),
    ]


def answer(world: World) -> Instants:
    """Others answer in a discussion."""
    if not world.threads:
        return
    thread = world.rng.choice(world.threads)
    for _ in range(world.rng.randrange(1, 4)):
        yield [wire.post(thread, world.rng.choice(POSTS), world.user(), world.local_time)]
