"""`key create|list|revoke`: keys of the store's own."""

from __future__ import annotations

import json

import click
import msgspec

from watchfloor import Terminal, printable
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.commands.common import (
    check_addresses,
    end_of,
    json_option,
    moment,
    organisation,
    store_of,
)
from watchfloor_hashstore.own_keys import OwnKey
from watchfloor_hashstore.settings import Settings


def key_group(settings: Settings) -> click.Group:
    """`key`."""
    group = click.Group("key", help="Make, list and revoke API keys of the store's own.")
    for make in (_create, _list, _revoke):
        group.add_command(make(settings))
    return group


def _create(settings: Settings) -> click.Command:
    @click.command("create")
    @click.argument("label")
    @click.option("--org", help="See what this organisation sees: its name, UUID or id in MISP.")
    @click.option("--community", is_flag=True, help="See what everyone on the MISP may see.")
    @click.option("--days", type=click.IntRange(1, 36_500), help="Expire after so many days.")
    @click.option("--from", "addresses", multiple=True, metavar="ADDRESS", help="Use it from there only.")
    @click.pass_obj
    def command(
        terminal: Terminal,
        label: str,
        org: str | None,
        community: bool,
        days: int | None,
        addresses: tuple[str, ...],
    ) -> None:
        """Make a key and print it: this is the only time that it is shown."""
        if (org is None) != community:
            raise click.UsageError("say whom the key is for: either --org or --community")
        check_addresses(addresses)
        with store_of(terminal, settings) as redis:
            whose = organisation(redis, org) if org is not None else None
            made = OwnKey(label, whose, own_keys.now(), end_of(days), list(addresses))
            click.echo(own_keys.create(redis, made))

    return command


def _list(settings: Settings) -> click.Command:
    @click.command("list")
    @json_option
    @click.pass_obj
    def command(terminal: Terminal, as_json: bool) -> None:
        """List the keys, by a name that says nothing of the key itself."""
        with store_of(terminal, settings) as redis:
            found = own_keys.listed(redis)
        if as_json:
            click.echo(
                json.dumps([{"name": name, **msgspec.to_builtins(key)} for name, key in found.items()])
            )
            return
        for name, key in found.items():
            click.echo(f"{name}  {printable(key.label)}: {_told(key, own_keys.now())}")
        if not found:
            click.echo("No keys: `watchfloor hashstore key create` makes one.")

    return command


def _told(key: OwnKey, now: int) -> str:
    """What a key is good for: whose eyes, when, and from where."""
    scope = "community" if key.organisation is None else f"organisation {key.organisation}"
    until = "for ever"
    if key.expires:
        until = f"{'until' if key.expires > now else 'expired'} {moment(key.expires)}"
    where = f", from {' or '.join(key.addresses)} only" if key.addresses else ""
    return f"{scope}, {until}, since {moment(key.created)}{where}"


def _revoke(settings: Settings) -> click.Command:
    @click.command("revoke")
    @click.argument("name")
    @click.pass_obj
    def command(terminal: Terminal, name: str) -> None:
        """Take a key out of use at once, by its name in the list."""
        with store_of(terminal, settings) as redis:
            click.echo(f"revoked {name} ({printable(own_keys.revoke(redis, name).label)})")

    return command
