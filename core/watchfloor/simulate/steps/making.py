"""New events, and what goes into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfloor.simulate import audit, wire
from watchfloor.simulate.chance import Weighted, uuid
from watchfloor.simulate.kinds import KINDS, RELATIONSHIPS, TEMPLATES, Kind, Template
from watchfloor.simulate.model import Attribute, Event, MispObject, Organisation, Reference, Tag, User
from watchfloor.simulate.steps.publishing import publish
from watchfloor.simulate.values import value
from watchfloor.simulate.words import ACTORS, COMMENTS, MALWARE, SECTORS, SERVICES, TITLES

if TYPE_CHECKING:
    from watchfloor.simulate.steps import Instants
    from watchfloor.simulate.wire import Frame
    from watchfloor.simulate.world import World

_KINDS = Weighted(KINDS, [kind.weight for kind in KINDS])
_TEMPLATES = Weighted(TEMPLATES, [template.weight for template in TEMPLATES])
_EVENT_DISTRIBUTIONS = Weighted((0, 1, 2, 3, 4), (8, 30, 17, 38, 7))
_ATTRIBUTE_DISTRIBUTIONS = Weighted((5, 0, 1, 2, 3, 4), (90, 2, 3, 2, 2, 1))


def create(world: World) -> Instants:
    """A user or their script makes an event; half of them are published at once."""
    author = world.user()
    event = new_event(world, author, author.organisation)
    yield [
        wire.event(event, "add"),
        audit.entry(
            author, world.local_time, "add", ("Event", event.id, event.info), event.id, info=event.info
        ),
    ]
    yield label(world, event)
    yield from fill(world, event, _size(world))
    if world.chance(0.5):
        yield publish(world, event)
    else:
        world.drafts.append(event)


def pull(world: World) -> Instants:
    """A connected server has an event that this one lacks; it was made there hours ago."""
    event = new_event(world, world.user(), world.stranger())
    event.timestamp -= world.rng.randrange(600, 40_000)
    event.publish_timestamp = event.timestamp
    event.published = True
    yield [wire.event(event, "add")]
    yield label(world, event)
    yield from fill(world, event, _size(world))
    yield [wire.event_pulled(event, world.rng.randrange(1, 4), "add")]


def pull_again(world: World) -> Instants:
    """A connected server has a newer version of an event that came from there."""
    pulled = [event for event in world.events if event.locked]
    if not pulled:
        return
    event = world.rng.choice(pulled)
    event.timestamp = world.second - world.rng.randrange(60, 600)
    yield [wire.event(event, "edit")]
    yield from fill(world, event, world.rng.randrange(1, 6))
    yield [wire.event_pulled(event, world.rng.randrange(1, 4), "edit")]


def new_event(world: World, author: User, creator: Organisation) -> Event:
    """An empty event; one by a stranger belongs to the host organisation here."""
    rng = world.rng
    distribution = _EVENT_DISTRIBUTIONS.pick(rng)
    event = Event(
        id=world.next_id("event"),
        uuid=uuid(rng),
        date=f"{world.local_time:%Y-%m-%d}",
        info=_title(world),
        creator=creator,
        owner=creator if creator.local else world.host,
        author=author,
        distribution=distribution,
        sharing_group=rng.choice(world.groups) if distribution == 4 else None,
        threat_level=rng.choice((1, 2, 2, 3, 3, 3, 4)),
        analysis=rng.choice((0, 1, 2, 2)),
        timestamp=world.second,
        locked=not creator.local,
    )
    world.events.append(event)
    return event


def _title(world: World) -> str:
    rng = world.rng
    return rng.choice(TITLES).format(
        actor=rng.choice(ACTORS),
        malware=rng.choice(MALWARE),
        sector=rng.choice(SECTORS),
        services=rng.choice(SERVICES),
        number=rng.randrange(1000, 9999),
        date=f"{world.local_time:%Y-%m-%d}",
    )


def _size(world: World) -> int:
    """How many attributes an event gets: mostly ten or so, seldom more than sixty."""
    return max(3, min(150, int(world.rng.lognormvariate(2.5, 0.75))))


def label(world: World, event: Event) -> list[Frame]:
    """Tag a new event: one TLP, and some of what it is about."""
    chosen = [world.tlp.pick(world.rng)]
    chosen += [world.topics.pick(world.rng) for _ in range(world.rng.randrange(3))]
    unique = {tag.name: tag for tag in chosen}.values()
    return [frame for tag in unique for frame in attach(world, event, tag)]


def attach(world: World, event: Event, tag: Tag) -> list[Frame]:
    """Put a tag on an event; the instance learns of it first."""
    event.tags.append(tag)
    return [*introduce(world, tag), wire.tag_on_event(tag, event)]


def introduce(world: World, tag: Tag) -> list[Frame]:
    """Add a tag to the instance unless it is known."""
    if tag.id:
        return []
    tag.id = world.next_id("tag")
    return [wire.tag(tag, "add")]


def fill(world: World, event: Event, count: int) -> Instants:
    """Add about `count` attributes to an event, some of them in objects."""
    goal = len(event.attributes) + count
    while len(event.attributes) < goal:
        if world.chance(0.09):
            yield add_object(world, event)
        else:
            yield add_attribute(world, event, _KINDS.pick(world.rng))


def add_attribute(world: World, event: Event, kind: Kind, item: MispObject | None = None) -> list[Frame]:
    """Add one attribute, to the event itself or to an object."""
    attribute = _new_attribute(world, event, kind, item)
    event.attributes.append(attribute)
    frames = [wire.attribute(event, attribute, "add")]
    if world.chance(0.03):
        tag = world.judgements.pick(world.rng)
        attribute.tags.append(tag)
        frames += [
            *introduce(world, tag),
            wire.tag_and_attribute(tag, event, attribute, "attached to"),
        ]
    return frames


def _new_attribute(world: World, event: Event, kind: Kind, item: MispObject | None) -> Attribute:
    rng = world.rng
    distribution = _ATTRIBUTE_DISTRIBUTIONS.pick(rng)
    return Attribute(
        id=world.next_id("attribute"),
        uuid=uuid(rng),
        type=kind.type,
        category=kind.category,
        value=_value(world, kind.type),
        to_ids=kind.to_ids and rng.random() < 0.9,
        timestamp=_written(world, event),
        distribution=distribution,
        sharing_group=rng.choice(world.groups).id if distribution == 4 else 0,
        comment=rng.choice(COMMENTS) if rng.random() < 0.3 else "",
        relation=kind.relation,
        object=item,
        first_seen=world.second - rng.randrange(86_400 * 30) if rng.random() < 0.05 else None,
    )


def _written(world: World, event: Event) -> int:
    """When something was written: what a server sends was written over there."""
    return event.timestamp if event.locked else world.second


def _value(world: World, kind: str) -> str:
    """A new value, or one that another event may have: that is what correlates."""
    seen = world.seen_values[kind]
    if seen and world.chance(0.06):
        return world.rng.choice(seen)
    seen.append(value(world.rng, kind))
    return seen[-1]


def add_object(world: World, event: Event) -> list[Frame]:
    """Add an object with its attributes, and sometimes a reference to another attribute."""
    rng = world.rng
    template = _TEMPLATES.pick(rng)
    item = _new_object(world, event, template)
    event.objects.append(item)
    frames = [wire.misp_object(event, item, "add")]
    extra = rng.randrange(len(template.optional) + 1)
    for kind in (*template.required, *template.optional[:extra]):
        frames += add_attribute(world, event, kind, item)
        item.attributes.append(event.attributes[-1])
    if event.attributes[0].object is not item and world.chance(0.4):
        frames.append(_refer(world, event, item))
    return frames


def _new_object(world: World, event: Event, template: Template) -> MispObject:
    return MispObject(
        id=world.next_id("object"),
        uuid=uuid(world.rng),
        name=template.name,
        meta_category=template.meta_category,
        description=template.description,
        template_uuid=template.uuid,
        template_version=template.version,
        timestamp=_written(world, event),
        first_seen=world.second - 86_400 if world.chance(0.1) else None,
    )


def _refer(world: World, event: Event, item: MispObject) -> Frame:
    reference = Reference(
        id=world.next_id("reference"),
        uuid=uuid(world.rng),
        timestamp=_written(world, event),
        source=item,
        target=event.attributes[0],
        relationship=world.rng.choice(RELATIONSHIPS),
    )
    event.references.append(reference)
    return wire.reference(event, reference, "add")
