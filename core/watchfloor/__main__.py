"""`python -m watchfloor` is the `watchfloor` command."""

from __future__ import annotations

from watchfloor.cli import main

main()
