"""Frames, topics, and bodies that are not what their topic promises."""

from __future__ import annotations

import pytest

from watchfloor import misp
from watchfloor.errors import UndecodableError
from watchfloor.misp import Message, UnknownTopicError


@pytest.mark.parametrize(
    ("raw", "topic", "body"),
    [
        (b'misp_json_tag {"Tag": {}}', "misp_json_tag", b'{"Tag": {}}'),
        (b"misp_json_self", "misp_json_self", b""),
        (b'{"Event": {}}', "misp_json", b'{"Event": {}}'),
        (b"misp_json_new {}", "misp_json_new", b"{}"),
        (b"\xff\xfe\x00 {}", "\\xff\\xfe\\x00", b"\xff\xfe\x00 {}"),
        ("thème {}".encode(), "thème", "thème {}".encode()),
        (b" {}", "(none)", b" {}"),
        (b"", "(none)", b""),
    ],
)
def test_a_frame_is_a_topic_and_a_body(raw: bytes, topic: str, body: bytes) -> None:
    assert misp.split(raw) == (topic, body)


def test_a_topic_is_short_and_printable() -> None:
    topic, body = misp.split(b"\x1b[31m" + b"x" * 100_000)
    assert topic.isprintable()
    assert len(topic) == 80
    assert len(body) == 100_005


@pytest.mark.parametrize("topic", ["misp_json_analyst_data", "", "x" * 10_000, "a\nb"])
def test_an_unknown_topic_is_named(topic: str) -> None:
    with pytest.raises(UnknownTopicError, match="is not known") as caught:
        misp.decode(Message("here", topic, b"{}", 0.0))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("topic", "body", "problem"),
    [
        ("misp_json", b"{}", "missing required field `Event`"),
        ("misp_json", b'{"Event":{}}', "`$.Event` has neither an id nor a UUID"),
        ("misp_json", b'{"Event":[]}', "got `array` - at `$.Event`"),
        ("misp_json", b'{"Event":{"id":1,"Attribute":[{"type":[]}]}}', "at `$.Event.Attribute[0].type`"),
        ("misp_json_event", b'{"Event":{"id":1},"action":"explode"}', "Invalid enum value 'explode'"),
        ("misp_json_attribute", b'{"Attribute":[]}', "at `$.Attribute`"),
        ("misp_json_attribute", b'{"Attribute":{"type":"x"},"Event":[1]}', "at `$.Event`"),
        ("misp_json_tag", b'{"Tag":{"name":"x"},"action":"attached to attribute"}', "`$.Tag.attribute_id`"),
        ("misp_json_organisation", b'{"Organisation":{}}', "`$.Organisation.name`"),
        ("misp_json_conversation", b"{}", "neither `$.Thread` nor `$.Post`"),
        ("misp_json_audit", b'{"action":"log"}', "none of `$.Log`, `$.AuditLog` and `$.controller`"),
        ("misp_json_self", b"[]", "Expected `object`, got `array`"),
        ("misp_json_self", b"", "truncated"),
        ("misp_json_self", b'{"uptime":', "truncated"),
        ("misp_json_self", b'{"uptime":NaN}', "malformed"),
        ("misp_json_self", b'{"uptime":1}{}', "trailing characters"),
        ("misp_json_self", b'{"uptime":' + b"[" * 100_000, "at `$.uptime`"),
        ("misp_json_self", b'{"other":' + b"[" * 100_000, "nested too deeply"),
        ("misp_json_self", b'{"uptime":' + b"9" * 5_000 + b"}", "out of range - at `$.uptime`"),
        ("misp_json_self", b'{"uptime":1e999}', "out of range - at `$.uptime`"),
        ("misp_json_organisation", b'{"Organisation":{"name":"\xff"}}', "can't decode byte 0xff"),
        ("misp_json_organisation", b'{"Organisation":{"name":"\\ud800"}}', "truncated"),
        ("misp_json_workflow", b"", "truncated"),
        ("misp_json_workflow", b'"\xff"', "can't decode byte 0xff"),
        ("misp_json_workflow", b"[" * 100_000, "nested too deeply"),
        ("misp_json", b"b'{}'", "malformed"),
    ],
)
def test_a_problem_is_one_short_sentence_with_its_place(topic: str, body: bytes, problem: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        misp.decode(Message("here", topic, body, 0.0))
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 200
