"""`watchfloor trendings ...`: the top lists on a terminal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import click

from watchfloor import Terminal, printable
from watchfloor_trendings import trends
from watchfloor_trendings.keys import LISTS


@click.command()
@click.argument("kind", type=click.Choice(sorted(LISTS)), default="events")
@click.option(
    "--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How far to look back."
)
@click.option(
    "--rows", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many to print."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def top(terminal: Terminal, kind: str, days: int, rows: int, as_json: bool) -> None:
    """Print what is most active: events, categories, tags or discussions."""
    today = datetime.now(terminal.zone).date()
    keys = [LISTS[kind](date=today - timedelta(days=back)) for back in range(days)]
    scores = terminal.redis.zunion(keys, withscores=True)
    found = trends.ranked(((m.decode(errors="replace"), s) for m, s in scores), tag=kind == "tags")[:rows]
    if as_json:
        click.echo(json.dumps([{"label": row.label, "count": row.count} for row in found]))
        return
    for row in found:
        click.echo(f"{row.count:>8}  {printable(row.label)}")
    if not found:
        click.echo(f"No {kind} in the last {days} days.")


COMMANDS = (top,)
