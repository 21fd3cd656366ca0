"""A feed's connection, by the events of its socket's monitor."""

from __future__ import annotations

import logging
import time

import pytest
from zmq import Event

from watchfloor.subscriber.link import Link

REFUSED = Event.HANDSHAKE_FAILED_AUTH
CUT = Event.HANDSHAKE_FAILED_NO_DETAIL
LOST = (Event.DISCONNECTED, Event.CONNECT_RETRIED)
UP = (Event.CONNECT_DELAYED, Event.CONNECTED, Event.HANDSHAKE_SUCCEEDED)
DOWN = (Event.CONNECT_DELAYED, Event.CLOSED, Event.CONNECT_RETRIED)


def link(*events: Event, url: str = "tcp://misp.example:50000") -> Link:
    made = Link("misp", url, "feeds[0]", 30, 300)
    for event in events:
        made.told(event)
    return made


@pytest.mark.parametrize(
    ("events", "state", "why"),
    [
        ((), "connecting", ""),
        (UP, "connected", ""),
        (DOWN, "unreachable", ""),
        ((Event.CONNECT_RETRIED,), "unreachable", ""),  # a name that cannot be resolved
        ((*UP, *LOST), "connecting", ""),
        ((*UP, *LOST, *DOWN), "unreachable", ""),
        ((*UP, *LOST, *UP), "connected", ""),
        ((*DOWN, *UP), "connected", ""),
        ((Event.CONNECTED, REFUSED, Event.DISCONNECTED), "refused", "credentials"),
        ((Event.CONNECTED, Event.HANDSHAKE_FAILED_PROTOCOL, Event.DISCONNECTED), "refused", "security"),
        ((Event.CONNECTED, CUT, *LOST, Event.CONNECTED, CUT, *LOST), "refused", "handshake"),
        ((Event.CONNECTED, CUT, *LOST, *DOWN), "unreachable", ""),
        ((Event.CONNECTED, REFUSED, *UP), "connected", ""),
    ],
)
def test_states(events: tuple[Event, ...], state: str, why: str) -> None:
    found = link(*events)
    assert (found.state, found.why) == (state, why)


def test_what_is_counted() -> None:
    assert link(*UP).counts == {"reconnects": 0, "auth_refused": 0}
    assert link(*UP, *LOST, *UP, *LOST, *UP).counts["reconnects"] == 2
    assert link(REFUSED, REFUSED, REFUSED).counts["auth_refused"] == 3
    assert link(*(Event.CONNECTED, CUT, *LOST) * 9).counts["auth_refused"] == 1, (
        "libzmq repeats these by itself"
    )


def test_after_some_refusals_libzmq_gives_up() -> None:
    assert link(REFUSED).given_up
    assert not link(CUT).given_up


def test_a_silence_has_the_gravest_reason() -> None:
    quiet = link(*UP)
    quiet.heard(quiet.began + 10)
    assert not quiet.silences
    quiet.heard(quiet.began + 50)
    for event in (*LOST, *DOWN, Event.CONNECTED, REFUSED, *DOWN, *UP):
        quiet.told(event)
    quiet.heard(quiet.began + 100)
    quiet.heard(quiet.began + 110)
    assert [(round(s.start - quiet.began), round(s.end - quiet.began), s.why) for s in quiet.silences] == [
        (10, 50, "silent"),
        (50, 100, "refused"),
    ]


def test_a_state_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    found = link(*UP)
    found.tell()
    found.heard(time.time())
    found.tell()
    found.told(Event.CLOSED)
    found.tell()
    found.tell()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert "feed misp is unreachable: nothing answers at tcp://misp.example:50000" in caplog.text


def test_no_password_is_shown() -> None:
    assert "secret" not in str(link(url="tcp://user:secret@misp.example:50000").values())
