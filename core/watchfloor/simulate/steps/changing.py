"""What is done to events later: more of it, other of it, less of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire
from watchfloor.simulate.chance import uuid
from watchfloor.simulate.kinds import KINDS
from watchfloor.simulate.model import Attribute, Event, Proposal
from watchfloor.simulate.steps.making import fill
from watchfloor.simulate.values import value
from watchfloor.simulate.words import COMMENTS

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.world import World


def touch(world: World, event: Event) -> None:
    """An event that is changed is published no more; no message says so."""
    event.timestamp = world.second
    event.published = False


def own_event(world: World) -> Event | None:
    """A recent event that was made here, and so may be edited here."""
    event = world.recent_event()
    return None if event is None or event.locked else event


def extend(world: World) -> Instants:
    """An analyst adds a few attributes to an event."""
    event = own_event(world)
    if event is not None and len(event.attributes) < 200:
        touch(world, event)
        yield from fill(world, event, world.rng.randrange(1, 9))


def edit_event(world: World) -> Instants:
    """The threat level or the state of the analysis is set."""
    event = own_event(world)
    if event is None:
        return
    touch(world, event)
    before, event.analysis = event.analysis, min(2, event.analysis + 1)
    event.threat_level = world.rng.randrange(1, 5)
    yield [
        wire.event(event, "edit"),
        audit.entry(
            event.author,
            world.local_time,
            "edit",
            ("Event", event.id, event.info),
            event.id,
            analysis=[str(before), str(event.analysis)],
        ),
    ]


def edit_attributes(world: World) -> Instants:
    """A few attributes of an event are corrected."""
    event = own_event(world)
    if event is None:
        return
    touch(world, event)
    alive = [attribute for attribute in event.attributes if not attribute.deleted]
    for attribute in world.rng.sample(alive, min(len(alive), world.rng.randrange(1, 6))):
        attribute.comment = world.rng.choice(COMMENTS)
        attribute.to_ids = not attribute.to_ids
        attribute.timestamp = world.second
        yield [wire.attribute(event, attribute, "edit")]


def propose(world: World) -> Instants:
    """Another organisation proposes an attribute: no message, but the next publication shows it."""
    found = world.recent_attribute()
    if found is None or len(found[0].proposals) > 5:
        return
    event, attribute = found
    kind = world.rng.choice(KINDS)
    changing = world.chance(0.4)
    proposal = Proposal(
        id=world.next_id("proposal"),
        uuid=uuid(world.rng),
        organisation=world.user().organisation,
        timestamp=world.second,
        category=attribute.category if changing else kind.category,
        type=attribute.type if changing else kind.type,
        value=value(world.rng, attribute.type if changing else kind.type),
        to_ids=True,
        target=attribute if changing else None,
    )
    event.proposals.append(proposal)
    yield []


def delete_attribute(world: World) -> Instants:
    """An attribute is deleted, softly as a rule; it may be brought back."""
    found = world.recent_attribute()
    if found is None or found[0].locked:
        return
    event, attribute = found
    touch(world, event)
    if attribute.object is None and world.chance(0.2):
        yield [_log(world, event, attribute, "delete"), wire.attribute_removed(event, attribute)]
        forget(event, attribute)
        return
    attribute.deleted = True
    attribute.timestamp = world.second
    yield [wire.attribute(event, attribute, "soft-delete"), _log(world, event, attribute, "soft_delete")]
    if world.chance(0.15):
        attribute.deleted = False
        attribute.timestamp = world.second
        yield [wire.attribute(event, attribute, "edit"), _log(world, event, attribute, "undelete")]


def _log(world: World, event: Event, attribute: Attribute, action: str) -> wire.Frame:
    title = f"{attribute.category}/{attribute.type} {attribute.value}"
    model = ("Attribute", attribute.id, title)
    return audit.entry(event.author, world.local_time, action, model, event.id, deleted=[False, True])


def forget(event: Event, attribute: Attribute) -> None:
    """The row is gone, and what hung on it."""
    event.attributes.remove(attribute)
    event.references = [r for r in event.references if r.target is not attribute]
    event.proposals = [p for p in event.proposals if p.target is not attribute]


def delete_event(world: World) -> Instants:
    """An event is deleted with all that it holds: one message."""
    event = own_event(world)
    if event is None or len(world.events) < 20:
        return
    world.events.remove(event)
    if event in world.drafts:
        world.drafts.remove(event)
    yield [wire.event_deleted(event)]
