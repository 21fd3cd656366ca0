"""The hash store in a demo: filled from the simulated feed, with a key that everybody may have."""

from __future__ import annotations

from collections.abc import Iterator

from watchfloor import Demo, Terminal
from watchfloor_hashstore import own_keys
from watchfloor_hashstore.own_keys import OwnKey


def _key(terminal: Terminal, url: str) -> Iterator[str]:
    """A key that sees what everyone on the simulated MISP may see, and where to use it."""
    key = own_keys.create(terminal.redis, OwnKey("the demo's", created=own_keys.now()))
    yield f"the API key of this demo is {key}"
    yield f"use it at {url}/hashstore/ with values of the live page, or as in:"
    yield f"watchfloor hashstore lookup --server {url} --api-key {key} VALUE"


DEMO = Demo(_key, defaults=True)
"""A Redis of the store's own is never filled with what is invented."""
