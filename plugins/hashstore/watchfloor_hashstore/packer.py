"""A packing process: pages of rows come in, buckets go out. It has nothing of Watchfloor but pure modules."""

from __future__ import annotations

import signal
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from watchfloor_hashstore.rows import Packer, rows_of


def work(descriptor: int) -> None:
    """Pack what comes through this end of a pipe, until the other one is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what interrupts the import closes the pipe
    with Connection(descriptor) as pipe:
        try:
            _converse(pipe)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _converse(pipe: Connection) -> None:
    """First come the bits and the traffic lights. A page is answered with how many entries wait here, None
    with these, a dictionary a shard. In between the number of a name (kind, name) may be asked for.
    """
    pages: deque[Any] = deque()

    def number(kind: str, name: str) -> int:
        pipe.send((kind, name))
        # Pages that were sent before the answer come first.
        while not isinstance(said := pipe.recv(), int):
            pages.append(said)
        return said

    bits, traffic = pipe.recv()
    packer = Packer(bits, traffic, number)
    while True:
        page = pages.popleft() if pages else pipe.recv()
        if page is None:
            for buckets in packer.flush():
                pipe.send(buckets)
        else:
            packer.take(rows_of(page))
            pipe.send(packer.waiting)
