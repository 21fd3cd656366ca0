"""`replay`: events and recordings, with their own times, through the same path as live messages."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from watchfloor.cli.context import Console
from watchfloor.cli.progress import bar
from watchfloor.cli.roles import refuse_demo
from watchfloor.config import FeedSettings, Sources, convert
from watchfloor.errors import WatchfloorError
from watchfloor.replay import Unreadable, read
from watchfloor.simulate import Message
from watchfloor.store.keys import CURSORS
from watchfloor.store.lease import holder_of
from watchfloor.store.streams import Appender, Id, parse_id
from watchfloor.worker.loop import Worker

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

_GROUP = 500
_AHEAD = 5_000  # messages that may wait in the stream: Redis' memory is not for a whole archive
Progress = Callable[[int, int], None]


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--feed", default="replay", show_default=True, help="The name of the feed that they count for.")
@click.pass_obj
def replay(console: Console, files: tuple[str, ...], feed: str) -> None:
    """Feed in MISP events (JSON) or recorded 'topic json' lines. '-' is standard input.

    Everything lands on the day it belongs to. A running worker works it off; without one, this does.
    """
    _check_name(console, feed)
    refuse_demo(console)
    problems: list[Unreadable] = []
    with bar("replaying") as progress:
        total = feed_in(console, feed, read(files, problems.append), progress)
    click.echo(f"{total:,} messages replayed as feed '{feed}'")
    for problem in problems:
        click.echo(f"not read: {problem}", err=True)
    if problems:
        raise SystemExit(1)


def _check_name(console: Console, feed: str) -> None:
    convert({"name": feed, "url": "ipc://replay"}, FeedSettings, "feed", Sources(file="--feed"))
    if any(feed == live.name for live in console.settings.feeds):
        raise WatchfloorError(f"--feed {feed}: is a live feed; choose a name of its own for what is replayed")


def feed_in(console: Console, feed: str, messages: Iterable[Message], progress: Progress) -> int:
    """Store messages with their own times and have them worked off; how many there were."""
    ahead = _Ahead(console.redis, feed)
    with Appender(console.redis, feed, console.settings.worker.lease_seconds) as appender:
        for group in _groups(messages):
            appender.append([(message.frame, message.time) for message in group])
            ahead.stored(appender.last, len(group))
            _work_off(console, ahead, progress, _AHEAD)
    _work_off(console, ahead, progress, 0)
    return ahead.total


def _groups(messages: Iterable[Message]) -> Iterator[list[Message]]:
    iterator = iter(messages)
    while group := list(islice(iterator, _GROUP)):
        yield group


class _Ahead:
    """How far what was stored is ahead of the worker's cursor, to a group."""

    def __init__(self, redis: Commands, feed: str) -> None:
        self._redis = redis
        self._feed = feed
        self._groups: deque[tuple[Id, int]] = deque()
        self.total = 0
        self.done = 0

    def stored(self, last: Id, count: int) -> None:
        """A group was stored, whose last entry has this id."""
        self.total += count
        self._groups.append((last, count))

    def look(self) -> int:
        """How many messages are not worked off yet."""
        cursor = parse_id(self._redis.hget(CURSORS(), self._feed) or b"0-0")
        while self._groups and self._groups[0][0] <= cursor:
            self.done += self._groups.popleft()[1]
        return self.total - self.done


def _work_off(console: Console, ahead: _Ahead, progress: Progress, most: int) -> None:
    """Wait until no more than `most` messages are left, working them off if nobody else does."""
    while ahead.total - ahead.done > most and ahead.look() > most:
        progress(ahead.done, ahead.total)
        if holder_of(console.redis, "worker"):
            time.sleep(0.1)
        else:
            Worker(console.site, console.url).run(threading.Event(), drain=True)
    progress(ahead.done, ahead.total)


COMMANDS = (replay,)
