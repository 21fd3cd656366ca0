"""What happens on a MISP, one step at a time.

A step changes the world and yields instants: messages that belong to the same moment. Between two
instants the world's clock moves on.
"""

from __future__ import annotations

from collections.abc import Iterator

from watchfloor.simulate.wire import Frame

Instants = Iterator[list[Frame]]
