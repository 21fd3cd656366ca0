"""What people are told of a feed."""

from __future__ import annotations

import pytest

from watchfloor.subscriber.states import feed_state, span

NOW = 1_800_000_000.0


def stats(
    connection: str, *, since: float, last: float | None = None, beat: float = 1, why: str = ""
) -> dict[str, str]:
    """The fields of a feed's state; times are seconds ago."""
    told = {"url": "tcp://misp.example:50000", "path": "feeds[0]", "connection": connection, "why": why}
    told |= {"since": str(NOW - since), "listening": str(NOW - beat)}
    return told if last is None else told | {"last_seen": str(NOW - last)}


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        ({}, "unknown", "start 'watchfloor subscribe'"),
        (stats("connected", since=900, last=5), "alive", "last message 5 s ago"),
        (stats("connected", since=5), "alive", "no message yet"),
        (stats("connected", since=5, last=4000), "alive", "last message 66 min ago"),
        (stats("connected", since=900, last=40), "quiet", "no message for 40 s"),
        (stats("connected", since=40), "quiet", "no message for 40 s"),
        (stats("connected", since=9000, last=720), "silent", "no message for 12 min"),
        (stats("connected", since=720), "silent", "ZeroMQ service"),
        (stats("refused", since=9, last=10, why="credentials"), "refused", "feeds[0].username"),
        (stats("refused", since=9, why="security"), "refused", "ZeroMQ_username"),
        (stats("refused", since=9, why="handshake"), "refused", "tunnel or proxy"),
        (stats("unreachable", since=180, last=200), "unreachable", "tcp://misp.example:50000 for 3 min"),
        (stats("unreachable", since=180), "unreachable", "ZeroMQ_enable"),
        (stats("connecting", since=1), "unknown", "connecting to tcp://misp.example:50000"),
        (stats("connecting", since=60), "unreachable", "firewall"),
        (stats("connected", since=900, last=5, beat=3600), "not listening", "60 min"),
        ({"listening": "garbage"}, "not listening", "watchfloor subscribe"),
    ],
)
def test_state_and_text(told: dict[str, str], state: str, words: str) -> None:
    found = feed_state(told, NOW, quiet_after=30, silent_after=300)
    assert found.state == state
    assert words in found.text


def test_spans_are_for_people() -> None:
    spans = [span(seconds) for seconds in (-1, 0, 119, 120, 7199, 7200, 172_799, 172_800)]
    assert spans == ["0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]
