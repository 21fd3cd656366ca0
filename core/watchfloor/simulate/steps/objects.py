"""What is done to objects later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import wire
from watchfloor.simulate.steps.changing import forget, own_event, touch
from watchfloor.simulate.words import COMMENTS

if TYPE_CHECKING:
    from watchfloor.simulate.model import Event, MispObject
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.wire import Frame
    from watchfloor.simulate.world import World


def _own_object(world: World) -> tuple[Event, MispObject] | None:
    event = own_event(world)
    alive = [item for item in event.objects if not item.deleted] if event else []
    return (event, world.rng.choice(alive)) if event and alive else None


def edit_object(world: World) -> Instants:
    """An object is saved again, with one of its attributes changed."""
    found = _own_object(world)
    if found is None:
        return
    event, item = found
    touch(world, event)
    item.timestamp = world.second
    frames = [wire.misp_object(event, item, "edit")]
    for attribute in item.attributes[:1]:
        if not attribute.deleted:
            attribute.comment = world.rng.choice(COMMENTS)
            attribute.timestamp = world.second
            frames.append(wire.attribute(event, attribute, "edit"))
    yield frames


def delete_object(world: World) -> Instants:
    """An object is deleted, softly as a rule, and each of its attributes with it."""
    found = _own_object(world)
    if found is None:
        return
    event, item = found
    touch(world, event)
    yield _remove(event, item) if world.chance(0.2) else _bury(world, event, item)


def _bury(world: World, event: Event, item: MispObject) -> list[Frame]:
    item.deleted = True
    item.timestamp = world.second
    frames = [wire.misp_object(event, item, "soft-delete")]
    for attribute in item.attributes:
        if not attribute.deleted:
            attribute.deleted = True
            attribute.timestamp = world.second
            frames.append(wire.attribute(event, attribute, "soft-delete"))
    return frames


def _remove(event: Event, item: MispObject) -> list[Frame]:
    """The rows are gone."""
    event.objects.remove(item)
    event.references = [r for r in event.references if r.source is not item]
    frames = [wire.misp_object(event, item, "delete")]
    for attribute in item.attributes:
        forget(event, attribute)
        frames.append(wire.attribute_removed(event, attribute))
    return frames


def unlink(world: World) -> Instants:
    """A reference is deleted."""
    event = own_event(world)
    if event is not None and event.references:
        touch(world, event)
        yield [wire.reference(event, event.references.pop(), "soft-delete")]
