"""`plugins`, `config`, `keys`, `feeds`: what is there, from the declarations and from Redis."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import click
from rich.console import Console as Rich
from rich.table import Table

from watchfloor.cli.context import Console
from watchfloor.config.show import effective
from watchfloor.contracts import Keys
from watchfloor.plugins import Plugin, hooks_of, installed
from watchfloor.store.keys import FEED_STATS, FEEDS
from watchfloor.store.maintenance import Usage, usage
from watchfloor.subscriber import silences
from watchfloor.subscriber.states import feed_state
from watchfloor.text import printable

COUNTERS = frozenset({"messages", "bytes", "spooled", "refused", "dropped", "reconnects", "auth_refused"})
UNBROKEN = ("ID", "Plugin", "Type")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def table(title: str, *columns: str) -> Table:
    """A table in the house style; columns that start with `#` are numbers."""
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column.lstrip("#"),
            justify="right" if column.startswith("#") else "left",
            overflow="fold",
            no_wrap=column in UNBROKEN,
        )
    return made


@click.command()
@JSON
@click.pass_obj
def plugins(console: Console, as_json: bool) -> None:
    """List the plugins, and all that the enabled ones declare."""
    listed = [_describe(plugin) for plugin in console.site.plugins]
    enabled = {entry["name"] for entry in listed}
    for name, point in sorted(installed().items()):
        if name not in enabled:
            where = {"distribution": point.dist.name, "version": point.dist.version} if point.dist else {}
            listed.append({"name": name, "version": "", "distribution": "", "state": "not enabled", **where})
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    shown = table("", "Plugin", "Version", "Distribution", "State", "Declares")
    for entry in listed:
        declares = "\n".join(
            f"{what}: {', '.join(entry[what])}"
            for what in ("activities", "topics", "keys", "channels", "routes", "panels", "checks", "commands")
            if entry.get(what)
        )
        shown.add_row(entry["name"], entry["version"], entry["distribution"], entry["state"], declares)
    Rich().print(shown)


def _describe(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "state": "enabled",
        "hooks": list(hooks_of(plugin.module)),
        "activities": sorted({handler.activity.__name__ for handler in plugin.handlers}),
        "topics": sorted({handler.topic for handler in plugin.raw_handlers}),
        "keys": [family.pattern for family in plugin.keys],
        "channels": [f"{plugin.name}/{channel.name}" for channel in plugin.channels],
        "routes": [f"/{plugin.name}{getattr(route, 'path', '')}" for route in plugin.routes],
        "panels": [f"{plugin.name}/{panel.name}" for panel in plugin.panels],
        "checks": [check.name for check in plugin.checks],
        "commands": [f"{plugin.name} {command.name}" for command in plugin.commands],
    }


@click.command("config")
@JSON
@click.pass_obj
def config_(console: Console, as_json: bool) -> None:
    """Print the effective configuration, and where it comes from. Secrets are hidden."""
    entries = effective(console.loaded, {p.name: p.settings for p in console.site.plugins})
    if as_json:
        click.echo(json.dumps([entry._asdict() for entry in entries], indent=2, default=str))
        return
    width = max(len(f"{entry.path}: {entry.shown}") for entry in entries)
    for entry in entries:
        click.echo(f"{f'{entry.path}: {entry.shown}':<{min(width, 60)}}  # {entry.origin}")


@click.command()
@JSON
@click.option(
    "--count/--no-count", default=True, help="Count keys and bytes in Redis (default) or only list."
)
@click.pass_obj
def keys(console: Console, as_json: bool, count: bool) -> None:
    """List every family of Redis keys, and how much is there. With owner, type, retention and meaning."""
    families = list(console.site.families)
    found = usage(console.redis, console.site.families) if count else {}
    none = Usage() if count else None
    rows = [_family(owner, family, found.get(family.pattern, none)) for owner, family in families]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    shown = table("", "Pattern", "Type", "Kept", "#Keys", "#Bytes")
    for row in rows:
        pattern = (
            f"{console.settings.redis.prefix}{row['pattern']}\n  [dim]{row['owner']}: {row['meaning']}[/dim]"
        )
        shown.add_row(pattern, row["type"], row["kept"], _number(row.get("keys")), _number(row.get("bytes")))
    Rich().print(shown)
    if other := found.get(""):
        click.echo(f"{other.keys} other keys are in this database; no plugin that is enabled declares them.")


def _family(owner: str, family: Keys, found: Usage | None) -> dict[str, Any]:
    kept = "until removed" if family.retention is None else f"{family.retention.days} days"
    row: dict[str, Any] = {"owner": owner, "pattern": family.pattern, "type": family.kind, "kept": kept,
                           "meaning": family.meaning}  # fmt: skip
    return row if found is None else {**row, "keys": found.keys, "bytes": found.bytes}


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


@click.command()
@JSON
@click.pass_obj
def feeds(console: Console, as_json: bool) -> None:
    """Show each feed: its state, and what to do about it. And what came, and when nothing did."""
    known = [feed.name for feed in console.settings.feeds]
    replayed = sorted({name.decode() for name in console.redis.smembers(FEEDS())} - set(known))
    found = [_feed(console, name) for name in (*known, *replayed)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for feed in found:
        state = f"{feed['state']}: {feed['text']}" if feed["name"] in known else "replayed"
        click.echo(f"{feed['name']}  {state}")
        for name, amount in sorted(feed["counters"].items()):
            click.echo(f"  {amount:>12,}  {printable(name)}")
        for silence in feed["silences"]:
            click.echo(f"  nothing from {silence['from']} to {silence['to']}: {silence['why']}")


def _feed(console: Console, name: str) -> dict[str, Any]:
    limits = console.settings.subscriber
    raw = console.redis.hgetall(FEED_STATS(feed=name))
    stats = {field.decode(): value.decode(errors="replace") for field, value in raw.items()}
    state = feed_state(stats, time.time(), limits.quiet_after, limits.silent_after)

    def when(moment: float) -> str:
        return datetime.fromtimestamp(moment, console.zone).isoformat(" ", "seconds")

    return {
        "name": name,
        "state": state.state,
        "text": state.text,
        "counters": {field: int(stats[field]) for field in stats if field in COUNTERS or ":" in field},
        "silences": [
            {"from": when(one.start), "to": when(one.end), "why": one.why}
            for one in silences.read(console.redis, name, limit=20)
        ],
    }


COMMANDS = (plugins, config_, keys, feeds)
