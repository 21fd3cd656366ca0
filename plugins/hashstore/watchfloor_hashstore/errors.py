"""What can go wrong with the hash store, as sentences that say what to do."""

from __future__ import annotations

from typing import IO, Any

import click


class HashstoreError(click.ClickException):
    """A problem that a person can mend; as a command's error it is one sentence and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it as the core prints its own."""
        click.echo(f"watchfloor: {self.format_message()}", file=file, err=file is None)


class NoStoreError(HashstoreError):
    """Nothing was imported yet."""

    def __init__(self) -> None:
        super().__init__("the hash store is empty: run `watchfloor hashstore import` first")
