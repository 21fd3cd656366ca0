"""Every shape of message that a MISP of any version sends, and what it means.

The fixtures hold one message each, and the activities that it must become: `time` where it is not that
of receipt, audiences as "everyone" or the organisations' ids, tags as lists, nothing where a field is
empty. A new shape is a new entry there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

import watchfloor
from watchfloor import Activity, Audience, Event, Message, Tag, misp
from watchfloor.misp import Names

_FILES = sorted((Path(__file__).parent / "fixtures" / "misp").glob("*.json"))
CASES: list[dict[str, Any]] = [
    {"file": file.stem, **case} for file in _FILES for case in json.loads(file.read_text("utf-8"))
]

_RECEIVED = 1767229200.0  # an hour after the fixtures' time stamps

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['shape']}")


def activities(topic: str, body: Any) -> list[Activity]:
    """What a first message means to one who knows nothing yet."""
    message = Message("here", topic, json.dumps(body, ensure_ascii=False).encode(), _RECEIVED)
    decoded, names = misp.decode(message), Names()
    names.load("here", dict.fromkeys(names.wanted(decoded)))
    return misp.activities(decoded, names, lambda version: False, UTC)


def described(activity: Activity) -> dict[str, Any]:
    """An activity as the fixtures write it."""
    found: dict[str, Any] = {"activity": type(activity).__name__}
    for name in activity.__struct_fields__:
        value = getattr(activity, name)
        if name not in ("feed", "received", "new") and value not in ("", (), False, None, activity.received):
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    match value:
        case Audience():
            return "everyone" if value.everyone else sorted(value.organisations)
        case Event():
            return {name: _plain(told) for name in value.__struct_fields__ if (told := getattr(value, name))}
        case Tag():
            return [value.id, value.name, value.colour, value.local]
        case tuple():
            return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rewritten(value: Any, how: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rewritten(item, how) for name, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, how) for item in value]
    return how(value)


@each_case
def test_a_shape_means_what_it_says(case: dict[str, Any]) -> None:
    assert [described(activity) for activity in activities(case["topic"], case["body"])] == case["activities"]


@each_case
def test_ids_may_come_as_numbers(case: dict[str, Any]) -> None:
    def number(value: Any) -> Any:
        return int(value) if isinstance(value, str) and re.fullmatch(r"0|[1-9]\d*", value) else value

    body = case["body"] if case["topic"] == "misp_json_workflow" else _rewritten(case["body"], number)
    assert [described(activity) for activity in activities(case["topic"], body)] == case["activities"]


@each_case
@pytest.mark.parametrize("yes_no", [(1, 0), ("1", "0"), ("true", "false")], ids=str)
def test_booleans_may_come_as_anything(case: dict[str, Any], yes_no: tuple[Any, Any]) -> None:
    def spelled(value: Any) -> Any:
        return yes_no[not value] if isinstance(value, bool) else value

    found = [described(activity) for activity in activities(case["topic"], _rewritten(case["body"], spelled))]
    assert found == case["activities"]


@each_case
def test_versions_are_eight_bytes_each(case: dict[str, Any]) -> None:
    message = Message("here", case["topic"], json.dumps(case["body"]).encode(), _RECEIVED)
    versions = misp.versions(misp.decode(message))
    assert [len(version) for version in versions] == [8] * case["versions"]


def test_every_topic_has_a_shape() -> None:
    assert {case["topic"] for case in CASES} == set(misp.TOPICS)


def test_every_activity_has_a_shape() -> None:
    found = {activity["activity"] for case in CASES for activity in case["activities"]}
    assert found | {"Activity", "EventActivity", "PostWritten"} == {
        name
        for name in watchfloor.__all__
        if isinstance(value := getattr(watchfloor, name), type) and issubclass(value, Activity)
    }


def test_a_message_without_a_topic_is_a_published_event() -> None:
    body = b'{"Event":{"id":7,"info":"from 2.3"}}'
    assert misp.split(body) == ("misp_json", body)
    [shared] = activities(*_frame(body))
    assert described(shared)["event"] == {"id": "7", "info": "from 2.3"}


def _frame(raw: bytes) -> tuple[str, Any]:
    topic, body = misp.split(raw)
    return topic, json.loads(body)
