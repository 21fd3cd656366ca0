"""`watchfloor trendings ...`: the top lists on a terminal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, get_args

import click

from watchfloor import Terminal, printable
from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.keys import LISTS
from watchfloor_trendings.ranking import Rank, Ranking, Row, rank


@click.command()
@click.argument("kind", type=click.Choice(sorted(LISTS)), default="events")
@click.option(
    "--days", type=click.IntRange(1, 1100), default=7, show_default=True, help="How far to look back."
)
@click.option(
    "--rows", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many to print."
)
@click.option(
    "--rank",
    "by",
    type=click.Choice(get_args(Rank)),
    default="sum",
    show_default=True,
    help="By the plain count, or with the i-th day back of n weighted by (n - i^2)/n.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def top(terminal: Terminal, kind: str, days: int, rows: int, by: Rank, as_json: bool) -> None:
    """Print what is most active: events, categories, tags, types or discussions.

    Each with its count, and how that compares with as many days before.
    """
    today = datetime.now(terminal.zone).date()
    period = Period(today - timedelta(days=days - 1), today)
    found = rank(_read(terminal.redis, kind, period), period, rows, by)
    if as_json:
        click.echo(json.dumps([_fields(row) for row in found.rows]))
        return
    for row in found.rows:
        click.echo(f"{row.count:>8}  {_change(row, found):>8}  {printable(row.label)}")
    if not found.rows:
        click.echo(f"No {kind} in the last {days} days.")


def _read(redis: Any, kind: str, period: Period) -> Counts:
    counts, family = Counts(tags=kind == "tags"), LISTS[kind]
    for day in (*period.before.days, *period.days):
        found = redis.zrange(family(date=day), 0, -1, withscores=True)
        counts.put(day, ((member.decode(errors="replace"), score) for member, score in found))
    return counts


def _change(row: Row, found: Ranking) -> str:
    if not found.before:
        return ""  # there is nothing to compare with
    return "new" if not row.before else f"{row.change:+}"


def _fields(row: Row) -> dict[str, object]:
    return {
        "label": row.label,
        "count": row.count,
        "share": row.share,
        "before": row.before,
        "score": row.score,
    }


COMMANDS = (top,)
