"""The whole way: `watchfloor run` to its first page, and a ZMQ message to a browser's live stream."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.common import Row, answers, free_port, until, watchfloor
from watchfloor.simulate import Message, Publisher

STARTS = 5
SENDS = 40
PAUSE = 0.3  # seconds; under load live items are sent at most every quarter of a second


def run() -> list[Row]:
    """Seconds to the first page, and milliseconds from ZMQ to an item on the live stream."""
    starts = []
    for _ in range(STARTS):
        with TemporaryDirectory() as folder, _site(folder) as (_, _, seconds):
            starts.append(seconds)
    with TemporaryDirectory() as folder, _site(folder) as (feed, port, _):
        delays = sorted(_delays(feed, port))
    return [
        Row("watchfloor run to its first page", f"{statistics.median(starts):.2f} s",
            f"{STARTS} starts: {min(starts):.2f} to {max(starts):.2f} s"),
        Row("ZMQ to browser", f"{statistics.median(delays) * 1000:.1f} ms median",
            f"{SENDS} messages: {delays[0] * 1000:.1f} to {delays[-1] * 1000:.1f} ms; two fsyncs on the way"),
    ]  # fmt: skip


@contextmanager
def _site(folder: str) -> Iterator[tuple[str, int, float]]:
    """A running site: the URL it listens to, the port of its pages, and how long it took to answer."""
    feed, port = f"tcp://127.0.0.1:{free_port()}", free_port()
    settings = (f"data={Path(folder)}", f"web.port={port}", f"feeds=[{{name: bench, url: '{feed}'}}]")
    began = time.perf_counter()
    with watchfloor(*(word for one in settings for word in ("--set", one)), "run"):
        until(lambda: answers(port))
        yield feed, port, time.perf_counter() - began


def _delays(feed: str, port: int) -> Iterator[float]:
    with Publisher(feed) as publisher:
        publisher.wait_for_subscriber(30)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/live?channels=trendings/categories")
        stream = connection.getresponse()
        for number in range(SENDS):
            time.sleep(PAUSE)
            began = time.perf_counter()
            publisher.send(_attribute(number))
            while not stream.readline().startswith(b"data:"):
                pass
            yield time.perf_counter() - began
        connection.close()


def _attribute(number: int) -> Message:
    body = {
        "Attribute": {"id": str(number), "uuid": f"0cda0c2f-3c87-40dd-bbc8-{number:012}", "event_id": "1",
                      "type": "ip-dst", "category": "Network activity", "value": "198.51.100.7",
                      "timestamp": "1729500000", "distribution": "5"},
        "Event": {"id": "1", "info": "bench", "org_id": "1", "orgc_id": "1", "distribution": "3"},
        "action": "add",
    }  # fmt: skip
    return Message(time.time(), "misp_json_attribute", json.dumps(body).encode())
