"""The life of a world, as messages: its past in one go, its present in real time."""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING

from watchfloor.simulate import wire
from watchfloor.simulate.chance import Weighted
from watchfloor.simulate.message import Message
from watchfloor.simulate.steps import (
    changing,
    machinery,
    making,
    objects,
    people,
    publishing,
    seeing,
    tagging,
)
from watchfloor.simulate.tempo import Tempo, past, present
from watchfloor.simulate.words import STATUSES

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from watchfloor.simulate.world import World

DAY = 86_400.0
# MISP's publisher says that it is alive after ten seconds with nothing to send.
IDLE = 10.0
# In a past of days all of those would outnumber everything else: one for a quarter of an hour is kept.
PAST_IDLE = 900.0
LONGEST_GAP = 1.5

_STEPS = {
    making.create: 24.0,
    making.pull: 4.0,
    making.pull_again: 2.0,
    publishing.publish_draft: 13.0,
    publishing.publish_again: 5.0,
    changing.extend: 26.0,
    changing.edit_event: 5.0,
    changing.edit_attributes: 12.0,
    changing.propose: 4.0,
    changing.delete_attribute: 4.0,
    changing.delete_event: 0.4,
    objects.edit_object: 1.0,
    objects.delete_object: 1.0,
    objects.unlink: 0.5,
    tagging.tag_event: 3.0,
    tagging.untag_event: 1.5,
    tagging.tag_attribute: 3.0,
    tagging.keep_tags: 0.6,
    seeing.sight: 12.0,
    seeing.take_back: 1.0,
    people.log_in: 8.0,
    people.change_user: 0.7,
    people.change_organisation: 0.6,
    people.discuss: 2.0,
    people.answer: 3.0,
    machinery.browse: 5.0,
    machinery.update_warninglists: 0.5,
    machinery.run_workflow: 1.5,
}
_STEP = Weighted(tuple(_STEPS), tuple(_STEPS.values()))


def history(world: World, *, end: float, days: float, count: int) -> Iterator[Message]:
    """About `count` messages of the `days` before `end`, by day and night, in order of time.

    Consume it to its end before going on with `live`: the world changes as messages are taken.
    """
    start = end - days * DAY
    tempo = past(_aside(world), world.zone, start=start, end=end, count=count)
    return _lead(world, tempo, start=start, end=end, idle=PAST_IDLE)


def live(world: World, *, start: float, rate: float, nights: bool = False) -> Iterator[Message]:
    """What happens from `start` on, without end: in bursts, `rate` messages a second in the long run.

    Keep-alives come on top, after every ten seconds without a message. With `nights` the pace follows
    the hour and the weekday, and `rate` is the mean over a week.
    """
    start = max(start, world.now)
    tempo = present(_aside(world), world.zone if nights else None, start=start, rate=rate)
    return _lead(world, tempo, start=start, end=inf, idle=IDLE)


def _aside(world: World) -> Random:
    """Randomness of its own for the tempo, so that the two do not disturb each other."""
    return Random(world.rng.getrandbits(64))  # noqa: S311 as repeatable as the world


def _lead(world: World, tempo: Tempo, *, start: float, end: float, idle: float) -> Iterator[Message]:
    world.now = last = start
    world.uptime_since = world.uptime_since or start
    sent = 0
    while True:
        due = max(world.now, tempo.at(sent + world.rng.uniform(0, 8)))
        if due >= end:
            return
        last = yield from _waiting(world, last, due, idle)
        world.now = due
        for frames in _STEP.pick(world.rng)(world):
            last = world.now if frames else last
            for topic, body in frames:
                yield Message(world.now, topic, body)
            sent += len(frames)
            world.now = min(end, world.now + _gap(world.rng, len(frames) / tempo.rate))


def _waiting(world: World, last: float, until: float, idle: float) -> Generator[Message, None, float]:
    """Keep-alives, if it is long from the last message until the next; returns when the last one was."""
    while until - last > idle:
        last += idle
        status = STATUSES[world.next_id("status") % len(STATUSES)]
        yield Message(last, *wire.keep_alive(status, int(last - world.uptime_since)))
    return last


def _gap(rng: Random, share: float) -> float:
    """The pause after an instant: shorter than its share of the time, a pause follows the step."""
    return min(rng.expovariate(1.0) * min(0.6 * share, LONGEST_GAP), IDLE - 1) if share else 0.0
