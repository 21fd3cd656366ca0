"""Tags that come and go after an event was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire
from watchfloor.simulate.model import Tag
from watchfloor.simulate.steps.changing import own_event, touch
from watchfloor.simulate.steps.making import attach, introduce

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.world import World


def tag_event(world: World) -> Instants:
    """An analyst puts a tag on an event."""
    event = own_event(world)
    tag = world.topics.pick(world.rng)
    if event is None or tag in event.tags or len(event.tags) > 8:
        return
    touch(world, event)
    log = audit.entry(
        event.author, world.local_time, "tag", ("Event", event.id, event.info), event.id, name=tag.name
    )
    yield [*attach(world, event, tag), log]


def untag_event(world: World) -> Instants:
    """A tag is taken off an event."""
    event = own_event(world)
    if event is not None and event.tags:
        touch(world, event)
        yield [wire.tag_off_event(event.tags.pop(), event)]


def tag_attribute(world: World) -> Instants:
    """A tag is put on an attribute, or the one it bears taken off."""
    found = world.recent_attribute()
    if found is None:
        return
    event, attribute = found
    if attribute.tags:
        yield [wire.tag_and_attribute(attribute.tags.pop(), event, attribute, "detached from")]
        return
    tag = world.judgements.pick(world.rng)
    attribute.tags.append(tag)
    yield [*introduce(world, tag), wire.tag_and_attribute(tag, event, attribute, "attached to")]


def keep_tags(world: World) -> Instants:
    """An administrator makes a tag of their own, changes its colour, deletes it in the end."""
    if len(world.own_tags) > 3:
        yield [wire.tag(world.own_tags.pop(0), "delete")]
    elif world.own_tags and world.chance(0.5):
        tag = world.rng.choice(world.own_tags)
        tag.colour = f"#{world.rng.getrandbits(24):06x}"
        yield [wire.tag(tag, "edit")]
    else:
        tag = Tag(f"harbourlight:case-{world.next_id('case')}", "#335577")
        world.own_tags.append(tag)
        yield introduce(world, tag)
