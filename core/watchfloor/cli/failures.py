"""`failures`: what could not be worked off - list, show, retry, drop."""

from __future__ import annotations

import json
from datetime import datetime

import click
from rich.console import Console as Rich
from rich.markup import escape

from watchfloor.cli.context import Console
from watchfloor.cli.inspect import JSON, table
from watchfloor.errors import WatchfloorError
from watchfloor.store import failures as store
from watchfloor.store.failures import Failure
from watchfloor.text import printable
from watchfloor.worker.retry import retry as retry_one

ENTRIES = click.argument("entries", nargs=-1, metavar="[ID...]")
ALL = click.option("--all", "every", is_flag=True, help="All of them, or all of --plugin.")
PLUGIN = click.option("--plugin", help="Only failures of this plugin ('core' for the core's own).")


@click.group()
def failures() -> None:
    """Messages that a plugin or the core could not work off."""


@failures.command("list")
@PLUGIN
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest so many.")
@JSON
@click.pass_obj
def list_(console: Console, plugin: str | None, limit: int, as_json: bool) -> None:
    """List the newest failures, and how many there ever were."""
    found = store.read(console.redis, limit, plugin)
    counts = store.counts(console.redis)
    if as_json:
        click.echo(json.dumps({"counts": counts, "failures": [_public(f) for f in found]}, indent=2))
        return
    if not found:
        click.echo("No failures are kept.")
    else:
        shown = table("", "ID", "When", "Plugin", "Kind", "Feed", "Topic", "Error")
        for f in found:
            first, topic = (escape(printable(text)) for text in (f.error.partition("\n")[0][:120], f.topic))
            shown.add_row(f.entry, _when(console, f), f.plugin, f.kind, f.feed, topic, first)
        Rich().print(shown)
    for name, count in sorted(counts.items()):
        click.echo(f"{count:,} {name} ever")


@failures.command()
@click.argument("entry", metavar="ID")
@click.pass_obj
def show(console: Console, entry: str) -> None:
    """Show one failure whole: the error, its place, and the message."""
    failure = _get(console, entry)
    for name, value in _public(failure).items():
        click.echo(f"{name}: " + printable(str(value), keep="\n"))
    click.echo(f"message ({failure.size:,} bytes{'' if failure.size <= len(failure.raw) else ', cut'}):")
    click.echo(printable(failure.raw.decode(errors="replace")))


@failures.command()
@ENTRIES
@ALL
@PLUGIN
@click.pass_obj
def retry(console: Console, entries: tuple[str, ...], every: bool, plugin: str | None) -> None:
    """Run messages again, with the plugin that failed only. Those that pass are removed."""
    chosen = _chosen(console, entries, every, plugin)
    failed = 0
    for failure in chosen:
        problem = retry_one(console.site, console.redis, failure)
        if problem is not None:
            failed += 1
            click.echo(f"{failure.entry}: {printable(problem)}", err=True)
    click.echo(f"{len(chosen) - failed} passed, {failed} failed again")
    if failed:
        raise SystemExit(1)


@failures.command()
@ENTRIES
@ALL
@PLUGIN
@click.pass_obj
def drop(console: Console, entries: tuple[str, ...], every: bool, plugin: str | None) -> None:
    """Remove failures without running them again. Their count stays."""
    chosen = [failure.entry for failure in _chosen(console, entries, every, plugin)]
    click.echo(f"{store.drop(console.redis, chosen)} dropped")


def _chosen(console: Console, entries: tuple[str, ...], every: bool, plugin: str | None) -> list[Failure]:
    if bool(entries) == every:
        raise click.UsageError("name the IDs of failures, or say --all")
    if every:
        return store.read(console.redis, 1_000_000, plugin)[::-1]
    return [_get(console, entry) for entry in entries]


def _get(console: Console, entry: str) -> Failure:
    failure = store.get(console.redis, entry) if _is_id(entry) else None
    if failure is None:
        raise WatchfloorError(
            f"no failure has the ID {entry}: 'watchfloor failures list' shows those there are"
        )
    return failure


def _is_id(entry: str) -> bool:
    ms, _, seq = entry.partition("-")
    return ms.isdigit() and seq.isdigit()


def _when(console: Console, failure: Failure) -> str:
    return datetime.fromtimestamp(failure.at, console.zone).isoformat(" ", "seconds")


def _public(failure: Failure) -> dict[str, object]:
    names = ("entry", "plugin", "kind", "feed", "id", "topic", "error", "size", "at")
    return {**{name: getattr(failure, name) for name in names}, "retriable": failure.retriable}


COMMANDS = (failures,)
