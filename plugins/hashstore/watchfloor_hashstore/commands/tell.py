"""`export`, `info` and `client`."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from watchfloor import Terminal
from watchfloor_hashstore.bloom import export_bloom
from watchfloor_hashstore.commands.common import (
    end_of,
    json_option,
    moment,
    organisation,
    progress,
    quiet_option,
    store_of,
)
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.exporting import Scope, export
from watchfloor_hashstore.info import info
from watchfloor_hashstore.layout import TLP
from watchfloor_hashstore.packaging import client
from watchfloor_hashstore.portable.archive import ArchiveError, read_key
from watchfloor_hashstore.settings import Settings

_OUT = click.Path(path_type=Path, dir_okay=False, writable=True)


def export_command(settings: Settings) -> click.Command:
    """`export`."""

    @click.command("export")
    @click.option("--org", help="What this organisation sees: its name, UUID or id in MISP.")
    @click.option("--community", is_flag=True, help="What everyone on the MISP may see.")
    @click.option("--out", required=True, metavar="FILE", type=_OUT, help="Where to write it.")
    @click.option("--tlp", type=click.Choice(TLP[1:]), default=None, help="Nothing stricter than this.")
    @click.option("--days", type=click.IntRange(1, 36_500), help="Have it expire after so many days.")
    @click.option(
        "--key", "key_file", metavar="FILE", type=_OUT,
        help="Hash with the key in this file; it is made if it is not there. Keep it apart from the export.",
    )  # fmt: skip
    @click.option("--sign", metavar="SSHKEY", type=_OUT, help="Sign with this key of OpenSSH, into FILE.sig.")
    @click.option("--bloom", is_flag=True, help="Write a Bloom file in DCSO's format instead.")
    @quiet_option
    @json_option
    @click.pass_obj
    def command(terminal: Terminal, /, out: Path, quiet: bool, as_json: bool, **options: Any) -> None:
        """Write what one audience may see into one file, for machines with no network."""
        if (options["org"] is None) != options["community"]:
            raise click.UsageError("say whom the file is for: either --org or --community")
        if options["bloom"] and options["key_file"]:
            raise click.UsageError("a Bloom file takes no key: its tools know none")
        with store_of(terminal, settings) as redis, progress("exporting", quiet=quiet) as report:
            scope = _scope(redis, **options)
            if options["bloom"]:
                labels = export_bloom(redis, scope, out, report)
            else:
                labels = export(redis, scope, out, report, _key(options["key_file"]))
        if options["sign"]:
            _sign(out, options["sign"])
        _tell(out, labels, quiet=quiet, as_json=as_json)

    return command


def _scope(redis: Any, org: str | None, tlp: str | None, days: int | None, **_: Any) -> Scope:
    if org is None:
        return Scope(tlp=tlp or "", expires=end_of(days))
    return Scope(organisation(redis, org), f"organisation {org}", tlp or "", end_of(days))


def _key(file: Path | None) -> bytes:
    if file is None:
        return b""
    if not file.exists():
        file.touch(0o600)
        file.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    try:
        return read_key(file)
    except ArchiveError as error:
        raise HashstoreError(str(error)) from error


def _sign(out: Path, key: Path) -> None:
    signature = out.with_name(out.name + ".sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "watchfloor-hashstore", str(out)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HashstoreError("signing needs ssh-keygen of OpenSSH, which is not on PATH") from error
    if done.returncode:
        raise HashstoreError(f"cannot sign {out}: {done.stderr.strip()}")


def _tell(out: Path, labels: dict[str, Any], *, quiet: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(labels))
    elif not quiet:
        size = out.stat().st_size
        click.echo(f"{out}: {labels['entries']:,} entries for {labels['scope']}, {size:,} bytes")


def info_command(settings: Settings) -> click.Command:
    """`info`."""

    @click.command("info")
    @json_option
    @click.pass_obj
    def command(terminal: Terminal, as_json: bool) -> None:
        """Tell what is in the store, and how old it is."""
        with store_of(terminal, settings) as redis:
            found = info(redis)
        if as_json:
            click.echo(json.dumps(found))
            return
        for name, value in found.items():
            click.echo(f"{name.replace('_', ' '):<24} {_shown(name, value)}")

    return command


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("imported", "updated"):
        return moment(value)
    return value if isinstance(value, str) else f"{value:,}"


def client_command() -> click.Command:
    """`client`."""

    @click.command("client")
    def command() -> None:
        """Print a program that looks up exports on a machine with nothing but Python 3.9.

        watchfloor hashstore client > lookup.pyz; python3 lookup.pyz --store FILE VALUE...
        """
        sys.stdout.buffer.write(client())

    return command
