"""`replay`: events and recordings, with their own times, through the same path as live messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from watchfloor.cli.context import Console
from watchfloor.cli.progress import bar
from watchfloor.config import FeedSettings, Sources, convert
from watchfloor.errors import WatchfloorError
from watchfloor.replay import Unreadable, read
from watchfloor.simulate import Message
from watchfloor.store.keys import CURSORS, DEMO, LEASE, STREAM
from watchfloor.store.streams import Appender, parse_id
from watchfloor.worker.loop import Worker

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands

_GROUP = 500
_AHEAD = 50_000  # messages that may wait in the stream: Redis' memory is not for a whole archive


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--feed", default="replay", show_default=True, help="The name of the feed that they count for.")
@click.pass_obj
def replay(console: Console, files: tuple[str, ...], feed: str) -> None:
    """Feed in MISP events (JSON) or recorded 'topic json' lines; '-' is standard input.

    Everything lands on the day it belongs to. A running worker works it off; without one, this does.
    """
    _check_name(console, feed)
    if console.redis.get(DEMO()):
        raise WatchfloorError(
            "this Redis holds demo data: set redis.url to another, or 'watchfloor clean' first"
        )
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


def feed_in(
    console: Console, feed: str, messages: Iterable[Message], progress: Callable[[int, int], None]
) -> int:
    """Store messages with their own times and have them worked off; how many there were."""
    stored = 0
    with Appender(console.redis, feed, console.settings.worker.lease_seconds) as appender:
        for group in _groups(messages):
            stored += appender.append([(message.frame, message.time) for message in group])
            _work_off(console, feed, stored, progress, _AHEAD)
    _work_off(console, feed, stored, progress, 0)
    return stored


def _groups(messages: Iterable[Message]) -> Iterator[list[Message]]:
    iterator = iter(messages)
    while group := list(islice(iterator, _GROUP)):
        yield group


def _work_off(
    console: Console, feed: str, stored: int, progress: Callable[[int, int], None], ahead: int
) -> None:
    """Wait until no more than `ahead` messages are left, working them off if nobody else does."""
    while (left := waiting(console.redis, feed)) > ahead:
        progress(stored - left, stored)
        if console.redis.exists(LEASE(name="worker")):
            threading.Event().wait(0.1)
        else:
            Worker(console.site, console.url).run(threading.Event(), drain=True)
    progress(stored - left, stored)


def waiting(redis: Commands, feed: str) -> int:
    """How many messages of a feed the worker has not worked off."""
    cursor = redis.hget(CURSORS(), feed) or b"0-0"
    if parse_id(redis.xinfo_stream(STREAM(feed=feed))["last-generated-id"]) <= parse_id(cursor):
        return 0
    return len(redis.xrange(STREAM(feed=feed), f"({cursor.decode()}", "+", count=2 * _AHEAD))


COMMANDS = (replay,)
