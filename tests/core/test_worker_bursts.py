"""How many live items a channel sends a second, however small the batches are."""

from __future__ import annotations

import time
from typing import Any

import pytest

from watchfloor.config import Settings
from watchfloor.config.settings import LiveSettings
from watchfloor.store.writes import Merged
from watchfloor.worker.commit import LiveIds, Transaction

NOW = 1_800_000_000.0
CHANNEL = ("hello", "orgs")


class Pipe:
    """Keeps what was sent to a channel: the item, and how many were left out before it."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []

    def execute_command(self, verb: str, *parts: Any) -> None:
        if verb == "XADD":
            item, *note = parts[parts.index("d") + 1 :]
            self.sent.append((item, note[1] if note else 0))


class Site:
    """A worker's live items, and a clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, burst: int) -> None:
        self.now = NOW
        self.ids = LiveIds("0-0")
        self._settings = Settings(live=LiveSettings(burst=burst))
        monkeypatch.setattr(time, "time", lambda: self.now)

    def batch(self, *items: bytes, channel: tuple[str, str] = CHANNEL) -> list[tuple[bytes, int]]:
        merged, pipe = Merged(), Pipe()
        merged.items[channel] = list(items)
        Transaction(self._settings, self.ids).effects(pipe, merged)
        return pipe.sent


def test_a_batch_sends_its_newest_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=2)
    assert site.batch(b"1", b"2", b"3", b"4", b"5") == [(b"4", 3), (b"5", 0)]


def test_small_batches_of_one_second_share_its_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=3)
    assert site.batch(b"1", b"2") == [(b"1", 0), (b"2", 0)]
    assert site.batch(b"3", b"4", b"5") == [(b"5", 2)]
    assert site.batch(b"6", b"7") == [(b"7", 1)]


def test_the_newest_of_a_batch_is_sent_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=1)
    assert [site.batch(item) for item in (b"1", b"2")] == [[(b"1", 0)], [(b"2", 0)]]


def test_the_next_second_has_a_burst_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=2)
    site.batch(b"1", b"2", b"3")
    site.now += 1
    assert site.batch(b"4", b"5") == [(b"4", 0), (b"5", 0)]


def test_channels_do_not_take_each_others_room(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=2)
    site.batch(b"1", b"2")
    assert site.batch(b"a", b"b", channel=("hello", "other")) == [(b"a", 0), (b"b", 0)]


def test_a_clock_set_back_ends_no_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, burst=2)
    site.batch(b"1", b"2")
    site.now -= 3600
    assert site.batch(b"3", b"4") == [(b"3", 0), (b"4", 0)]
