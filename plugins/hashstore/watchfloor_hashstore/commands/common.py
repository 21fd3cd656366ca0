"""What the commands share: the store's Redis, whom something is for, progress."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchfloor import Terminal
from watchfloor_hashstore.connect import connect, place
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.keys import ORGANISATIONS
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.state import state

_LINE_EVERY = 5.0
Report = Callable[[int, int], None]


@contextmanager
def store_of(terminal: Terminal, settings: Settings) -> Iterator[Any]:
    """The Redis that holds the store: its own, or the core's, of which the core tells what is wrong."""
    if settings.redis.url is None:
        yield terminal.redis
        return
    try:
        with connect(settings.redis) as own:
            yield own
    except RedisError as error:
        raise HashstoreError(
            f"the hash store's Redis at {place(settings.redis)} failed ({error}): start it, or correct "
            "plugins.hashstore.redis"
        ) from error


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Report]:
    """A bar with rate and time left on a terminal, a line now and then elsewhere; on standard error."""
    if quiet:
        yield lambda *_: None
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(title)
        return
    rate = TextColumn("{task.fields[rate]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        rate,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task, began = bar.add_task(title, total=None, rate=""), time.monotonic()

        def report(done: int, total: int) -> None:
            rate = f"{done / max(time.monotonic() - began, 0.001):,.0f}/s"
            bar.update(task, completed=done, total=total, rate=rate)

        yield report


def _lines(title: str) -> Report:
    began = said = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said > _LINE_EVERY:
            said = time.monotonic()
            rate = max(done, 1) / (said - began)
            left = (total - done) / rate
            click.echo(f"{title}: {done:,} of {total:,}, {rate:,.0f}/s, {left:,.0f} s left", err=True)

    return report


def organisation(redis: Any, text: str) -> int:
    """An organisation by name, UUID or local id. HashstoreError where there is none, or it may be two."""
    found = redis.hget(ORGANISATIONS(generation=state(redis).generation), text)
    is_id = text.isascii() and text.isdigit()
    if found is None and not is_id:
        raise HashstoreError(
            f"no organisation is called '{text}': give its name, UUID or id as MISP shows them"
        )
    if found is not None and is_id and int(found) != int(text):
        raise HashstoreError(
            f"'{text}' is the name of organisation {int(found)}, and the id of another: give a UUID"
        )
    return int(found or text)


def check_addresses(addresses: Iterable[str]) -> None:
    """HashstoreError when one is neither an address nor a network: nobody could use the key from there."""
    for text in addresses:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise HashstoreError(
                f"'{text}' is neither an address nor a network, such as 198.51.100.7 or 10.0.0.0/8"
            ) from None


def end_of(days: int | None) -> int:
    """Now and so many days, in Unix seconds; 0 for never."""
    return int(time.time()) + days * 86_400 if days else 0


def moment(seconds: float) -> str:
    """A time for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC" if seconds else "never"


quiet_option = click.option("--quiet", is_flag=True, help="Say nothing but what went wrong.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
