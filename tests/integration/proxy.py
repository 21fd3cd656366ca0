"""A proxy between a client and Redis that loses replies, or delivers a transaction late."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

EXEC = b"$4\r\nEXEC\r\n"
_CHUNK = 1 << 16


class Proxy:
    """Passes everything on, until it meets a command that ends in `marker`.

    `lose` is how likely the reply to one is lost: the server has done what it was told when the client's
    connection breaks. With `hold` set, the next one breaks the client's connection at once, and reaches
    the server only after `release`. `lost` counts both.
    """

    def __init__(self, upstream: str, path: Path, marker: bytes = EXEC) -> None:
        self.url = f"unix://{quote(str(path))}"
        self.marker = marker
        self.lose = 0.0
        self.hold = False
        self.lost = 0
        self.delivered = threading.Event()
        self._released = threading.Event()
        self._upstream = unquote(upstream.removeprefix("unix://"))
        self._chance = random.Random(3)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def release(self) -> None:
        """Deliver what was held back; `delivered` tells when the server has done it."""
        self._released.set()

    def close(self) -> None:
        """End all connections."""
        self._released.set()
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                self._open += [client, server]
                thread = threading.Thread(target=self._serve, args=(client, server))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        deaf = threading.Event()
        back = threading.Thread(target=self._back, args=(server, client, deaf))
        back.start()
        with client, server:
            with contextlib.suppress(OSError):
                self._forth(client, server, deaf)
                # The server does what it was sent before it sees the end.
                server.shutdown(socket.SHUT_WR)
            back.join()
        if deaf.is_set():
            self.delivered.set()

    def _forth(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        tail = b""
        while data := client.recv(_CHUNK):
            tail = (tail + data)[-len(self.marker) :]
            late = tail == self.marker and self.hold
            if late or (tail == self.marker and self._chance.random() < self.lose):
                self.lost += 1
                deaf.set()
            if late:
                self.hold = False
                client.shutdown(socket.SHUT_RDWR)
                self._released.wait()
            server.sendall(data)
            if deaf.is_set():
                return

    def _back(self, server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                if not deaf.is_set():
                    client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxy_to(upstream: str, path: Path, marker: bytes = EXEC) -> Iterator[Proxy]:
    """A proxy on a socket at this path."""
    proxy = Proxy(upstream, path, marker)
    try:
        yield proxy
    finally:
        proxy.close()
