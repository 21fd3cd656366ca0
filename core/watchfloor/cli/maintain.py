"""`clean` and `prune`: removing what is declared, and what is past its retention."""

from __future__ import annotations

from datetime import datetime

import click

from watchfloor.cli.context import Console
from watchfloor.errors import WatchfloorError
from watchfloor.store import maintenance
from watchfloor.store.lease import holder_of


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.pass_obj
def clean(console: Console, yes: bool, dry_run: bool) -> None:
    """Delete every key that the core and enabled plugins declare. Nothing else is touched."""
    holder = holder_of(console.redis, "worker")
    if holder and not dry_run:
        raise WatchfloorError(f"a worker is running ({holder}): stop it first")
    found = maintenance.usage(console.redis, console.site.families)
    for pattern, total in sorted(found.items()):
        if pattern:
            click.echo(f"{total.keys:>9,} keys  {total.bytes:>13,} bytes  {pattern}")
    ours = sum(total.keys for pattern, total in found.items() if pattern)
    if not ours:
        click.echo("There is nothing to delete.")
    elif not dry_run:
        if not yes:
            click.confirm(f"Delete these {ours:,} keys? There is no way back", abort=True)
        click.echo(f"{maintenance.clean(console.redis, console.site.families):,} keys deleted.")


@click.command()
@click.pass_obj
def prune(console: Console) -> None:
    """Delete what is past its retention. What is not gets the expiry that it lacks."""
    today = datetime.now(console.zone).date()
    removed = maintenance.prune(console.redis, console.site.families, today)
    click.echo(f"{removed:,} keys were past their retention and are deleted.")


COMMANDS = (clean, prune)
