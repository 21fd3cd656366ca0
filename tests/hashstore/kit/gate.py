"""A gate before a Redis or a MariaDB: it tells of each request before it lets it through, or shuts."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

Words = list[bytes]
Requests = Callable[[BinaryIO], Iterator[tuple[bytes, Words]]]
_CHUNK = 1 << 16


class Shut(Exception):  # noqa: N818 (it is no error, but what a test wants)
    """Let nothing through any more: connections end, new ones are refused."""


def commands(stream: BinaryIO) -> Iterator[tuple[bytes, Words]]:
    """What a client of Redis sends, command by command: as it came, and its words."""
    while head := stream.readline():
        raw, words = [head], []
        for _ in range(int(head[1:])):
            length = stream.readline()
            word = stream.read(int(length[1:]) + 2)
            raw += [length, word]
            words.append(word[:-2])
        yield b"".join(raw), words


def queries(stream: BinaryIO) -> Iterator[tuple[bytes, Words]]:
    """What a client of MariaDB sends, packet by packet; the words are those of a query, or none."""
    while head := stream.read(4):
        body = stream.read(int.from_bytes(head[:3], "little"))
        yield head + body, body[1:].split() if not head[3] and body[:1] == b"\x03" else []


class Gate:
    """Listens at `path`. `before` is called with how many requests there were, and the words of the next.

    What it raises but `Shut` shuts the gate as well, and is raised again when the gate closes. Requests come
    one after the other, over however many connections.
    """

    def __init__(
        self, upstream: str, path: Path, read: Requests, before: Callable[[int, Words], None]
    ) -> None:
        self.path = path
        self.seen: list[Words] = []
        self._upstream = upstream
        self._read = read
        self._before = before
        self._turn = threading.Lock()
        self._open: list[socket.socket] = []
        self._problem: BaseException | None = None
        self._shut = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections, wait until the server has done what it was sent, and raise what went wrong."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()
        if self._problem is not None:
            raise self._problem

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._shut:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                self._open.append(client)
                thread = threading.Thread(target=self._serve, args=(client, server))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=_copy, args=(server, client))
        back.start()
        with server, client, client.makefile("rb") as stream:
            try:
                for raw, words in self._read(stream):
                    self._let_through(raw, words, server)
            except (OSError, ValueError):
                pass  # the client has gone, perhaps in the midst of a request
            except BaseException as error:  # noqa: BLE001 (the test is told)
                self._shut = True
                self._problem = self._problem or (None if isinstance(error, Shut) else error)
            # The server does what it was sent before it sees the end, and ends the connection then.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()

    def _let_through(self, raw: bytes, words: Words, server: socket.socket) -> None:
        with self._turn:
            if self._shut:
                raise Shut
            if words:
                self._before(len(self.seen), words)
                self.seen.append(words)
            server.sendall(raw)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def gate(
    upstream: str, path: Path, read: Requests, before: Callable[[int, Words], None] = lambda *_: None
) -> Iterator[Gate]:
    """A gate on a socket at this path, before the server whose socket is `upstream`."""
    made = Gate(upstream, path, read, before)
    try:
        yield made
    finally:
        made.close()
