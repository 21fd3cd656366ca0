"""What goes to a browser's connection, and when."""

from __future__ import annotations

import asyncio

import pytest

from watchfloor.web.protocol import _Whole

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Wire(asyncio.Transport):
    """Keeps the packets that were sent."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.packets.append(bytes(data))

    def close(self) -> None:
        self.packets.append(b"end")


def whole() -> tuple[Wire, _Whole]:
    wire = Wire()
    return wire, _Whole(wire, asyncio.get_running_loop())


async def test_a_head_and_its_body_are_one_packet() -> None:
    wire, transport = whole()
    for body in (b"one", b"HTTP/1.1 is what this body is about", b""):
        transport.write(HEAD)
        transport.write(body)
    transport.write(b"more")
    assert wire.packets == [HEAD + b"one", HEAD + b"HTTP/1.1 is what this body is about", HEAD, b"more"]
    await asyncio.sleep(0)
    assert len(wire.packets) == 4


async def test_a_head_does_not_wait_for_a_body_that_comes_later() -> None:
    wire, transport = whole()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert wire.packets == [HEAD]
    transport.write(b"later")
    assert wire.packets == [HEAD, b"later"]


async def test_a_head_is_sent_before_the_end() -> None:
    wire, transport = whole()
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert wire.packets == [HEAD, b"end"]


async def test_what_was_sent_without_a_body_comes_before_what_follows() -> None:
    wire, transport = whole()
    transport.write(HEAD)
    transport.write(HEAD)
    transport.write(b"body")
    await asyncio.sleep(0)
    assert b"".join(wire.packets) == HEAD + HEAD + b"body"
