"""What the instance does by itself, and what it writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire
from watchfloor.simulate.words import WARNINGLISTS

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.world import World


def browse(world: World) -> Instants:
    """Somebody reads; the access log says so."""
    user, event = world.user(), world.recent_event()
    controller, path = ("events", f"view/{event.id}") if event else ("events", "index")
    if world.chance(0.5):
        controller, path = "attributes", "restSearch.json"
    yield [audit.access(user, world.local_time, controller, path, world.rng.randrange(15, 900))]


def update_warninglists(world: World) -> Instants:
    """A warninglist is added or brought up to date."""
    number = world.rng.randrange(len(WARNINGLISTS))
    version = world.next_id(f"warninglist {number}")
    action = "add" if version == 1 else "edit"
    yield [wire.warninglist(number + 1, WARNINGLISTS[number], version, action)]


def run_workflow(world: World) -> Instants:
    """A workflow pushes the tags of an event, or says what it added to one."""
    event = world.recent_event()
    if event is None:
        return
    if world.chance(0.6):
        yield [wire.workflow([tag.name for tag in event.tags])]
    else:
        yield [wire.workflow({"Enriching event": str(event.id), "Attribute added": world.rng.randrange(9)})]
