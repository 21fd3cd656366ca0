"""The simulated MISP's publisher on a real socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
import zmq

from watchfloor.errors import WatchfloorError
from watchfloor.simulate import Message, Plain, Publisher, World, live, play

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY = "tcp://127.0.0.1:0"
HELLO = Message(1.0, "misp_json_self", b'{"status": "x"}')


Subscribe = Callable[..., zmq.Socket[bytes]]


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture
def subscribe(context: zmq.Context[zmq.Socket[bytes]]) -> Iterator[Subscribe]:
    """Connects a subscriber with these options; it is closed after the test."""
    with ExitStack() as sockets:

        def subscribe(url: str, prefix: bytes = b"", **options: bytes) -> zmq.Socket[bytes]:
            socket = sockets.enter_context(context.socket(zmq.SUB))
            socket.set(zmq.RCVHWM, 0)
            for name, value in options.items():
                setattr(socket, name, value)
            socket.subscribe(prefix)
            socket.connect(url)
            return socket

        yield subscribe


def received(socket: zmq.Socket[bytes], count: int) -> list[bytes]:
    frames: list[bytes] = []
    for _ in range(count):
        assert socket.poll(5000), f"only {len(frames)} of {count} came"
        frames.append(socket.recv())
    return frames


def test_a_subscriber_that_was_waited_for_gets_everything(subscribe: Subscribe) -> None:
    messages = list(islice(live(World(1), start=0.0, rate=100), 5000))
    with Publisher(ANY, high_water_mark=0) as publisher:
        socket = subscribe(publisher.url)
        assert publisher.wait_for_subscriber(5)
        sent = play(publisher, messages, Event(), speed=None)

        assert sent == 5000
        assert received(socket, 5000) == [message.frame for message in messages]


def test_closing_still_sends_what_waits(subscribe: Subscribe) -> None:
    with Publisher(ANY, high_water_mark=0) as publisher:
        socket = subscribe(publisher.url)
        assert publisher.wait_for_subscriber(5)
        for _ in range(1000):
            publisher.send(HELLO)

    assert len(received(socket, 1000)) == 1000


def test_a_prefix_is_a_prefix(subscribe: Subscribe) -> None:
    with Publisher(ANY) as publisher:
        socket = subscribe(publisher.url, b"misp_json ")
        assert publisher.wait_for_subscriber(5)
        publisher.send(HELLO)
        publisher.send(Message(1.0, "misp_json", b"{}"))

        assert received(socket, 1) == [b"misp_json {}"]


def test_nobody_comes() -> None:
    with Publisher(ANY) as publisher:
        assert not publisher.wait_for_subscriber(0.01)


def test_a_subscriber_that_left_does_not_count(subscribe: Subscribe) -> None:
    with Publisher(ANY) as publisher:
        socket = subscribe(publisher.url)
        assert publisher.wait_for_subscriber(5)
        socket.close(0)

        deadline = time.monotonic() + 5
        while publisher.wait_for_subscriber(0):
            assert time.monotonic() < deadline


def test_plain_lets_in_who_knows_the_password(subscribe: Subscribe) -> None:
    with Publisher(ANY, Plain("misp", "secret")) as publisher:
        socket = subscribe(publisher.url, plain_username=b"misp", plain_password=b"secret")
        assert publisher.wait_for_subscriber(5)
        publisher.send(HELLO)

        assert received(socket, 1) == [HELLO.frame]


@pytest.mark.parametrize("credentials", [{}, {"plain_username": b"misp", "plain_password": b"wrong"}])
def test_plain_keeps_out_everybody_else(
    context: zmq.Context[zmq.Socket[bytes]], credentials: dict[str, bytes]
) -> None:
    refused = zmq.Event.HANDSHAKE_FAILED_AUTH | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
    with Publisher(ANY, Plain("misp", "secret")) as publisher, context.socket(zmq.SUB) as socket:
        for name, value in credentials.items():
            setattr(socket, name, value)
        with socket.get_monitor_socket(refused | zmq.Event.DISCONNECTED) as monitor:
            socket.subscribe(b"")
            socket.connect(publisher.url)

            assert monitor.poll(5000), "the handshake was not refused"
            assert not publisher.wait_for_subscriber(0)
            socket.disable_monitor()


def test_an_address_that_is_taken_is_said_and_left_alone(subscribe: Subscribe) -> None:
    with Publisher(ANY) as publisher:
        with pytest.raises(WatchfloorError, match=r"cannot publish on .*choose another"):
            Publisher(publisher.url)

        socket = subscribe(publisher.url)
        assert publisher.wait_for_subscriber(5)
        publisher.send(HELLO)
        assert received(socket, 1) == [HELLO.frame]


def test_a_closed_publisher_frees_its_port() -> None:
    with Publisher(ANY) as publisher:
        url = publisher.url
    with Publisher(url) as again:
        assert again.url == url


def test_play_keeps_the_distances_divided_by_the_speed() -> None:
    messages = [Message(1000.0 + i, "misp_json_self", b"{}") for i in range(4)]
    with Publisher(ANY) as publisher:
        begin = time.monotonic()
        assert play(publisher, messages, Event(), speed=20) == 4
        took = time.monotonic() - begin

    assert 0.14 < took < 1


def test_play_stops_in_the_middle_of_a_pause() -> None:
    stop = Event()
    sent: list[int] = []

    def run() -> None:
        with Publisher(ANY) as publisher:
            sent.append(play(publisher, [HELLO, HELLO._replace(time=1e6)], stop))

    thread = Thread(target=run)
    thread.start()
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert sent[0] <= 1


def test_play_stops_an_endless_world_at_full_speed() -> None:
    stop = Event()

    def endless() -> Iterator[Message]:
        for count, message in enumerate(live(World(1), start=0.0, rate=1000)):
            if count == 1000:
                stop.set()
            yield message

    with Publisher(ANY) as publisher:
        assert play(publisher, endless(), stop, speed=None) == 1000
