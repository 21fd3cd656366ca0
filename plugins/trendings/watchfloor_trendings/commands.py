"""`watchfloor trendings ...`: the top lists on a terminal."""

from __future__ import annotations

import json
from collections import Counter
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
    counts: Counter[bytes] = Counter()
    for back in range(days):
        key = LISTS[kind](date=today - timedelta(days=back))
        for member, score in terminal.redis.zrange(key, 0, -1, withscores=True):
            counts[member] += round(score)
    found = [
        trends.row(m.decode(errors="replace"), n, tag=kind == "tags") for m, n in counts.most_common(rows)
    ]
    if as_json:
        click.echo(json.dumps([{"label": row.label, "count": row.count} for row in found]))
    elif not found:
        click.echo(f"No {kind} in the last {days} days.")
    for row in [] if as_json else found:
        click.echo(f"{row.count:>8}  {printable(row.label)}")


COMMANDS = (top,)
