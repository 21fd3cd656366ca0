"""`python -m benchmarks [NAME...]`: run them all, or those named, and print a table."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

NAMES = sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run and print."""
    chosen = sys.argv[1:] or NAMES
    if unknown := set(chosen) - set(NAMES):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))} (there are: {', '.join(NAMES)})")
    table = Table(
        "What", "Measured", "How", title=f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        for row in importlib.import_module(f"benchmarks.bench_{name}").run():
            table.add_row(*map(str, row))
    Console().print(table)


main()
