"""`simulate`: a synthetic MISP on a real ZMQ socket."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

import click

from watchfloor.cli.context import Console
from watchfloor.simulate import Message, Plain, Publisher, World, live, play
from watchfloor.supervise import stopping

_SAY_EVERY = 5.0


@click.command()
@click.option("--url", default="tcp://127.0.0.1:50000", show_default=True, help="Where to publish.")
@click.option(
    "--rate", type=click.FloatRange(0), default=10.0, show_default=True,
    help="Messages a second on average; 0 is as fast as it goes.",
)  # fmt: skip
@click.option("--count", type=click.IntRange(1), help="Stop after so many messages.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed simulates the same.")
@click.option("--nights", is_flag=True, help="Follow the hour and the weekday as people do.")
@click.option("--wait/--no-wait", default=True, help="Wait for a subscriber before the first message.")
@click.option("--username", help="Ask subscribers for this name (ZMQ PLAIN).")
@click.option("--password", help="And for this password.")
@click.pass_obj
def simulate(
    console: Console, url: str, rate: float, count: int | None, seed: int, nights: bool, wait: bool,
    username: str | None, password: str | None,
) -> None:  # fmt: skip
    """Publish what a MISP would, with every topic, until stopped.

    Organisations, indicators and events are invented; addresses and domains are those kept for
    documentation.
    """
    console.log("simulate")
    security = Plain(username, password or "") if username else None
    with stopping() as stop, Publisher(url, security, high_water_mark=0) as publisher:
        click.echo(f"publishing on {publisher.url}; Ctrl-C stops", err=True)
        while wait and not stop.is_set() and not publisher.wait_for_subscriber(0.5):
            pass
        messages = live(World(seed), start=time.time(), rate=rate or 1000.0, nights=nights)
        began = time.monotonic()
        sent = play(publisher, _counted(islice(messages, count)), stop, speed=1.0 if rate else None)
        seconds = max(time.monotonic() - began, 1e-9)
    click.echo(f"{sent:,} messages in {seconds:.1f} s ({sent / seconds:,.0f} a second)")


def _counted(messages: Iterable[Message]) -> Iterator[Message]:
    """The same messages; how many it were is said now and then."""
    said = time.monotonic()
    for number, message in enumerate(messages):
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            click.echo(f"{number:,} messages sent", err=True)
        yield message


COMMANDS = (simulate,)
