"""`import` and `update`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from watchfloor import Terminal
from watchfloor_hashstore.commands.common import json_option, progress, quiet_option, store_of
from watchfloor_hashstore.importing import Summary, import_misp
from watchfloor_hashstore.importing_files import import_files
from watchfloor_hashstore.settings import Settings
from watchfloor_hashstore.updating import update_misp


def import_command(settings: Settings) -> click.Command:
    """`import`."""

    @click.command("import")
    @click.argument(
        "paths", nargs=-1, metavar="[FILE|FOLDER]...", type=click.Path(path_type=Path, exists=True)
    )
    @click.option("--everyone", is_flag=True, help="Let everyone see all that the files hold.")
    @quiet_option
    @json_option
    @click.pass_obj
    def command(
        terminal: Terminal, paths: tuple[Path, ...], everyone: bool, quiet: bool, as_json: bool
    ) -> None:
        """Build the store anew, from MISP's database, or from event JSON files and feed folders.

        What was there answers until the new one is whole. Interrupt it whenever you like.
        """
        if everyone and not paths:
            raise click.UsageError("--everyone is for files: MISP's database says who may see what")
        began = time.monotonic()
        with store_of(terminal, settings) as redis, progress("importing", quiet=quiet) as report:
            if paths:
                summary = import_files(redis, settings, paths, report, everyone=everyone)
            else:
                summary = import_misp(redis, settings, report)
        _tell("imported", summary, time.monotonic() - began, quiet=quiet, as_json=as_json)
        if summary.unseen:
            click.echo(
                f"{summary.unseen:,} events do not say whom they are shared with, as those of feeds: nobody "
                "sees them, unless you import with --everyone",
                err=True,
            )

    return command


def update_command(settings: Settings) -> click.Command:
    """`update`."""

    @click.command("update")
    @quiet_option
    @json_option
    @click.pass_obj
    def command(terminal: Terminal, quiet: bool, as_json: bool) -> None:
        """Bring in what changed in MISP's database since the last import or update.

        Attributes whose rows are gone are found by an import only: run one now and then.
        """
        began = time.monotonic()
        with store_of(terminal, settings) as redis, progress("updating", quiet=quiet) as report:
            summary = update_misp(redis, settings, report)
        _tell("updated", summary, time.monotonic() - began, quiet=quiet, as_json=as_json)

    return command


def _tell(done: str, summary: Summary, seconds: float, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**asdict(summary), "seconds": round(seconds, 3)}))
    elif not quiet:
        rate = summary.attributes / max(seconds, 0.001)
        click.echo(
            f"{done} {summary.attributes:,} attributes of {summary.events:,} events from {summary.source} "
            f"in {seconds:.1f} s ({rate:,.0f}/s)"
        )
