"""HTTP as uvicorn reads it, with an end to the head of a request: by itself it would gather one for ever."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 64 * 1024
"""Bytes of address and headers that are taken in before they are complete."""


class Protocol(HttpToolsProtocol):
    """A connection. It ends when a head goes on and on; what is merely too long is told so (see `Intake`)."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head: int | None = None

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > HEAD:
            self.send_400_response("The head of this request has no end.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete."""
        self._head = None
        super().on_headers_complete()
