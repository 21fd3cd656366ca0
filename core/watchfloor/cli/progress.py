"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console as Rich
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY = 5.0


class Bar:
    """Called with how much is done; `total` may grow."""

    def __init__(self, title: str, total: int | None, progress: Progress | None) -> None:
        self._title = title
        self._progress = progress
        self._task = progress.add_task(title, total=total) if progress else None
        self._total = total
        self._said = time.monotonic()

    def __call__(self, done: int, total: int | None = None) -> None:
        self._total = max(total or 0, self._total or 0) or None
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=self._total)
        elif time.monotonic() - self._said > _LINE_EVERY:
            self._said = time.monotonic()
            click.echo(f"{self._title}: {done:,}" + (f" of {self._total:,}" if self._total else ""), err=True)


@contextmanager
def bar(title: str, total: int | None = None) -> Iterator[Bar]:
    """A progress bar on standard error."""
    if not sys.stderr.isatty():
        yield Bar(title, total, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Rich(stderr=True)) as progress:
        yield Bar(title, total, progress)
