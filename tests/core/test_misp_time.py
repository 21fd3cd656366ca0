"""The time of an activity: MISP's where it is credible, else that of receipt, in the site's zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from watchfloor import misp
from watchfloor.misp import Activity, Message, Names

_RECEIVED = 1767229200.25
_DAY = 86_400
_LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


def attribute(timestamp: object, zone: tzinfo = UTC, received: float = _RECEIVED) -> Activity:
    """An attribute with this time stamp."""
    body = {"Attribute": {"type": "text", "uuid": "u", "timestamp": timestamp}, "action": "add"}
    decoded = misp.decode(Message("here", "misp_json_attribute", json.dumps(body).encode(), received))
    [activity] = misp.activities(decoded, Names(), lambda version: False, zone)
    return activity


@pytest.mark.parametrize("timestamp", ["1767225600", 1767225600, 1767225600.0])
def test_misps_own_time_counts(timestamp: object) -> None:
    assert attribute(timestamp).time == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "credible"),
    [
        (631_152_000, True),
        (631_151_999, False),
        (int(_RECEIVED) + _DAY, True),
        (int(_RECEIVED) + _DAY + 1, False),
        (0, False), (-1, False), (10**40, False), (-(10**40), False), (1e300, False),
        ("", False), (None, False), (True, False), ("soon", False), ("9" * 5000, False),
    ],
)  # fmt: skip
def test_only_credible_times_count(timestamp: object, credible: bool) -> None:
    activity = attribute(timestamp)
    assert (activity.time != activity.received) is credible


def test_times_are_those_of_the_zone() -> None:
    activity = attribute("1767221999", _LUXEMBOURG)
    assert activity.time.isoformat() == "2025-12-31T23:59:59+01:00"
    assert activity.received.isoformat() == "2026-01-01T02:00:00.250000+01:00"
    assert attribute("1751371200", _LUXEMBOURG).time.utcoffset() == timedelta(hours=2)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = 1761438600.5, 1761442200.5
    received = [attribute(None, _LUXEMBOURG, at).received for at in (first, second)]
    assert [at.isoformat() for at in received] == [
        "2025-10-26T02:30:00.500000+02:00",
        "2025-10-26T02:30:00.500000+01:00",
    ]
    assert [at.timestamp() for at in received] == [first, second]
