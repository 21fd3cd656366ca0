"""Publication: an event goes out whole, and once more whenever it is published again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire

if TYPE_CHECKING:
    from watchfloor.simulate.model import Event
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.wire import Frame
    from watchfloor.simulate.world import World


def publish(world: World, event: Event) -> list[Frame]:
    """Publish an event; the message still shows it as it was before."""
    frames = [
        wire.published(event, _related(world, event)),
        audit.entry(
            event.author,
            world.local_time,
            "publish",
            ("Event", event.id, event.info),
            event.id,
            published=[0, 1],
        ),
    ]
    event.published = True
    event.publish_timestamp = world.second
    return frames


def publish_draft(world: World) -> Instants:
    """The oldest draft is done."""
    if world.drafts:
        yield publish(world, world.drafts.popleft())


def publish_again(world: World) -> Instants:
    """An event that was changed since its publication is published again."""
    for event in reversed(world.events):
        if event.publish_timestamp and not event.published:
            yield publish(world, event)
            return


def _related(world: World, event: Event) -> list[Event]:
    """Other events that hold one of its first values."""
    values = {attribute.value for attribute in event.attributes[:5]}
    recent = list(world.events)[-30:]
    return [
        other
        for other in recent
        if other is not event and any(attribute.value in values for attribute in other.attributes[:20])
    ][:5]
