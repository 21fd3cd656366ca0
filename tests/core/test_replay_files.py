"""Replaying files: which messages come out, when, and what is said of broken ones."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from watchfloor.replay import Unreadable, read
from watchfloor.simulate import Message, World, history

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = 1_800_000_000.0
ORGC = {"id": "2", "uuid": "55f6ea5e-0000-4000-a000-000000000002", "name": "Østervik Energi"}
TAG = {"id": "4", "name": "tlp:green", "colour": "#33ff00", "exportable": True}
SIGHTING = {"id": "9", "uuid": "55f6ea5e-0000-4000-a000-000000000009", "org_id": "3", "type": "1"}


def attribute(number: int, timestamp: int | str | None, **more: object) -> dict[str, Any]:
    row = {"id": str(number), "uuid": f"a-{number}", "type": "ip-dst", "category": "Network activity"}
    value = {"value": f"192.0.2.{number}", "to_ids": True, "timestamp": timestamp}
    return {**row, **value, **more}


def event(**more: object) -> dict[str, Any]:
    row = {"id": "42", "uuid": "e-42", "info": "OSINT - “événement”", "orgc_id": "2", "date": "2024-10-21"}
    times = {"timestamp": "1729500300", "publish_timestamp": "1729500400", "published": True}
    return {**row, **times, "Orgc": ORGC, **more}


FULL = event(
    Tag=[TAG],
    Attribute=[
        attribute(1, "1729500100", data="UEsDBA==", Sighting=[{**SIGHTING, "date_sighting": "1729500350"}]),
        attribute(2, 1729500200, type="ip-dst|port", value="192.0.2.2|443", Tag=[TAG]),
    ],
    Object=[
        {
            "id": "7",
            "uuid": "o-7",
            "name": "file",
            "timestamp": "1729500280",
            "Attribute": [attribute(3, "1729500250", object_relation="ip")],
            "ObjectReference": [{"uuid": "r-1", "timestamp": "1729500260", "referenced_uuid": "a-1"}],
        }
    ],
)


class Reading:
    """Reads files of the given contents and keeps what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.errors: list[Unreadable] = []

    def __call__(self, *contents: str | bytes | object) -> list[Message]:
        paths = []
        for number, content in enumerate(contents):
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            paths.append(self.folder / f"{number}.json")
            paths[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(read(paths, self.errors.append, clock=lambda: NOW))

    @property
    def complaints(self) -> list[str]:
        return [str(error).replace(f"{self.folder}/", "") for error in self.errors]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return Reading(tmp_path)


def told(messages: list[Message]) -> list[tuple[float, str]]:
    return [(message.time, message.topic.removeprefix("misp_json")) for message in messages]


def body(messages: list[Message], topic: str, place: int = 0) -> Any:
    return [json.loads(m.body) for m in messages if m.topic == topic][place]


WRAPPINGS: list[Callable[[dict[str, Any]], object]] = [
    lambda event: {"Event": event},
    lambda event: {"response": [{"Event": event}]},
    lambda event: {"response": {"Event": event}},
    lambda event: [{"Event": event}],
    lambda event: [event],
    lambda event: event,
    lambda event: json.dumps({"Event": event}, indent=2),
    lambda event: "\n\n" + json.dumps({"Event": event}) + "\n",
    lambda event: "\ufeff" + json.dumps({"Event": event}),
]


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_an_event_becomes_its_messages_in_order_of_misps_times(
    reading: Reading, wrap: Callable[[dict[str, Any]], object]
) -> None:
    messages = reading(wrap(FULL))

    assert told(messages) == [
        (1729500100, "_event"),
        (1729500100, "_attribute"),
        (1729500200, "_attribute"),
        (1729500250, "_object"),
        (1729500250, "_attribute"),
        (1729500260, "_object_reference"),
        (1729500350, "_sighting"),
        (1729500400, ""),
    ]
    assert not reading.errors


def test_the_added_event_has_creator_and_tags_beside_it(reading: Reading) -> None:
    said = body(reading(FULL), "misp_json_event")

    assert list(said) == ["Event", "Orgc", "EventTag", "action"]
    assert said["Event"]["info"] == "OSINT - “événement”"
    assert not {"Orgc", "Tag", "Attribute", "Object"} & set(said["Event"])
    assert said["Orgc"] == ORGC
    assert said["EventTag"][0]["Tag"] == TAG
    assert said["action"] == "add"


def test_an_attribute_knows_its_event(reading: Reading) -> None:
    said = body(reading(FULL), "misp_json_attribute", 1)

    assert list(said) == ["Attribute", "Event", "action"]
    assert said["Event"]["Orgc"] == ORGC
    assert said["Attribute"]["event_id"] == "42"
    assert said["Attribute"]["value"] == "192.0.2.2|443"
    assert (said["Attribute"]["value1"], said["Attribute"]["value2"]) == ("192.0.2.2", "443")
    assert said["Attribute"]["Tag"] == [TAG]


def test_an_object_comes_without_its_attributes_and_they_with_it(reading: Reading) -> None:
    messages = reading(FULL)
    item = body(messages, "misp_json_object")
    inside = body(messages, "misp_json_attribute", 2)

    assert list(item) == ["Object", "action"]
    assert "Attribute" not in item["Object"]
    assert inside["Object"] == item["Object"]
    assert inside["Attribute"]["object_id"] == "7"
    reference = body(messages, "misp_json_object_reference")["ObjectReference"]
    assert (reference["event_id"], reference["object_id"]) == ("42", "7")


def test_a_sighting_says_of_what(reading: Reading) -> None:
    said = body(reading(FULL), "misp_json_sighting")["Sighting"]

    assert said["type"] == "1"
    assert said["Event"]["Orgc"] == ORGC
    assert said["Attribute"]["value"] == "192.0.2.1"
    assert (said["event_id"], said["attribute_id"]) == ("42", "1")


def test_the_publication_holds_everything_but_files(reading: Reading) -> None:
    messages = reading(FULL)
    said = body(messages, "misp_json")["Event"]

    assert said["Orgc"] == ORGC
    assert said["Tag"] == [TAG]
    assert [a["id"] for a in said["Attribute"]] == ["1", "2"]
    assert said["Object"][0]["Attribute"][0]["object_id"] == "7"
    assert not any(b"UEsDBA" in message.body for message in messages)


def test_what_was_deleted_is_said_so_and_not_published(reading: Reading) -> None:
    messages = reading(
        event(Attribute=[attribute(1, "1729500100", deleted=True), attribute(2, "1729500100")])
    )

    assert body(messages, "misp_json_attribute")["action"] == "soft-delete"
    assert [a["id"] for a in body(messages, "misp_json")["Event"]["Attribute"]] == ["2"]


def test_ids_that_an_export_left_out_are_made_and_agree(reading: Reading) -> None:
    bare = {"uuid": "a-1", "type": "domain", "value": "bad.example", "timestamp": "1729500100"}
    messages = reading(
        {"Event": {"uuid": "e-1", "info": "x", "timestamp": "1729500000", "Attribute": [bare]}}
    )
    added = body(messages, "misp_json_event")["Event"]
    inside = body(messages, "misp_json_attribute")

    assert added["id"].isdigit()
    assert inside["Attribute"]["event_id"] == inside["Event"]["id"] == added["id"]
    assert inside["Attribute"]["id"].isdigit()


def test_a_sighting_never_comes_before_what_was_sighted(reading: Reading) -> None:
    early = [{**SIGHTING, "date_sighting": "1000000000"}]

    messages = reading(event(Attribute=[attribute(1, "1729500100", Sighting=early)]))

    assert told(messages)[1:3] == [(1729500100, "_attribute"), (1729500100, "_sighting")]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [({}, 1729468800.0), ({"date": "soon"}, NOW), ({"timestamp": "0"}, 1729468800.0)],
)
def test_an_event_without_time_has_its_date_or_now(
    reading: Reading, broken: dict[str, object], expected: float
) -> None:
    timeless = {k: v for k, v in event(Attribute=[attribute(1, None)]).items() if "timestamp" not in k}

    assert {message.time for message in reading({**timeless, **broken})} == {expected}


def test_odd_content_is_no_obstacle(reading: Reading) -> None:
    odd = event(Attribute=None, Object={}, Tag=[None, "x"], timestamp=[], publish_timestamp=True)

    assert [topic for _, topic in told(reading(odd))] == ["_event", ""]
    assert not reading.errors


def test_several_files_are_merged_by_time(reading: Reading) -> None:
    early = event(id="1", uuid="e-1", timestamp="1729400000", publish_timestamp="1729500150")
    recording = '1729500120.5 misp_json_self {"status":"x","uptime":1}\n'

    times = [message.time for message in reading(FULL, early, recording)]

    assert times == sorted(times)
    assert len(times) == 8 + 2 + 1
    assert 1729500120.5 in times


def test_a_recorded_line_is_kept_as_it_is(reading: Reading) -> None:
    messages = reading('misp_json_attribute {"Attribute": {"timestamp":"1729500100"},"x":"é"}\n')

    assert messages == [
        Message(
            1729500100.0, "misp_json_attribute", '{"Attribute": {"timestamp":"1729500100"},"x":"é"}'.encode()
        )
    ]


def test_a_line_may_bear_its_own_time(reading: Reading) -> None:
    lines = [
        '1795303388.123 misp_json_event {"Event":{"timestamp":"1"}}',
        '{"topic": "misp_json_event", "payload": {"Event":{"timestamp":"1"}}, "time": 1795303389}',
        '{"time": 1795303390.5, "topic": "some_other", "payload": ["a"], "prefix": "ignored"}',
    ]

    assert told(reading("\r\n".join(lines))) == [
        (1795303388.123, "_event"),
        (1795303389.0, "_event"),
        (1795303390.5, "some_other"),
    ]


def test_a_line_without_time_has_misps_or_the_one_above_or_now(reading: Reading) -> None:
    lines = [
        'misp_json_self {"status":"x","uptime":1}',
        'misp_json_sighting {"Sighting":{"date_sighting":"1729500100"}}',
        'misp_json_workflow ["tlp:red"]',
        'misp_json_event {"Event":"43","Server":"3","action":"add_from_connected_server"}',
        'misp_json_object {"Object":{"timestamp":1729500200}}',
        '99999999999999999999 misp_json_self {"uptime":2}',
    ]

    assert [message.time for message in reading("\n".join(lines))] == [
        NOW, 1729500100, 1729500100, 1729500100, 1729500200, 1729500200,
    ]  # fmt: skip


def test_a_recording_keeps_its_order_even_where_times_go_back(reading: Reading) -> None:
    lines = [f'misp_json_object {{"Object":{{"timestamp":"{time}"}}}}' for time in (30, 10, 20)]

    assert [message.time for message in reading("\n".join(lines))] == [30, 10, 20]


def test_what_was_simulated_can_be_replayed(reading: Reading) -> None:
    said = list(history(World(1), end=NOW, days=1, count=500))
    recording = b"\n".join(b"%r %b" % (message.time, message.frame) for message in said)

    assert reading(recording) == said


def test_events_one_a_line(reading: Reading) -> None:
    early = event(id="1", uuid="e-1", timestamp="1729400000", publish_timestamp="0")

    messages = reading("\n".join(json.dumps({"Event": e}) for e in (FULL, early)))

    assert [m.time for m in messages] == sorted(m.time for m in messages)
    assert len(messages) == 8 + 2


def test_standard_input(reading: Reading) -> None:
    stream = io.BytesIO(b'misp_json_self {"uptime":1}\nbroken\n')

    messages = list(read(["-"], reading.errors.append, stdin=stream, clock=lambda: NOW))

    assert told(messages) == [(NOW, "_self")]
    assert reading.complaints == [
        "standard input, line 2: not `topic json`, nor a JSON object with topic and payload"
    ]


def test_a_recording_is_read_as_it_comes(reading: Reading) -> None:
    def arriving() -> Any:
        yield b'misp_json_self {"uptime":1}\n'
        raise AssertionError("the first message was not passed on before the second line was read")

    class Pipe(io.BytesIO):
        def __iter__(self) -> Any:
            return arriving()

    assert next(read(["-"], reading.errors.append, stdin=Pipe(), clock=lambda: NOW)).time == NOW


def test_broken_lines_are_named_and_the_good_ones_kept(reading: Reading) -> None:
    lines = [
        "not a message",
        'misp_json_self {"uptime":1}',
        '{"topic": "misp_json_self", "payload": {"uptime":',
        "",
        '{"topic": 5, "payload": {}}',
        "misp_json_self {1}",
        "misp_json_self " + "[" * 100_000,
        '{"topic": "misp_json_self", "payload": ' + "[" * 100_000,
        'misp_json_self {"uptime":2}',
    ]

    messages = reading("\n".join(lines))

    assert [m.body for m in messages] == [b'{"uptime":1}', b'{"uptime":2}']
    assert [complaint.split(":")[0] for complaint in reading.complaints] == [
        f"0.json, line {number}" for number in (1, 3, 5, 6, 7, 8)
    ]
    assert "truncated" in reading.complaints[1]
    assert "nested too deeply" in reading.complaints[4]


def test_a_broken_event_file_is_named_with_the_line(reading: Reading) -> None:
    text = (
        json.dumps({"Event": FULL}, indent=1)
        .replace('"1729500200",', '"1729500200"')
        .replace('"info": ', '"info" ')
    )

    assert reading(text) == []
    assert len(reading.complaints) == 1
    assert reading.complaints[0].startswith("0.json, line 5: neither MISP events nor a recording: JSON is ")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "0.json: empty"),
        (" \n\n", "0.json: empty"),
        ("{}", "0.json: neither a MISP event nor a recorded message"),
        ("[1]", "0.json, item 1: neither a MISP event nor a recorded message"),
        ('{"Event": "43", "Server": "3"}', "0.json: neither a MISP event nor a recorded message"),
        (b"\x89PNG\r\n\x1a\n", "0.json, line 1: neither MISP events nor a recording: 'utf-8' codec"),
        ("a,b,c\n1,2,3", "0.json, line 1: neither MISP events nor a recording: JSON is malformed"),
        ('{"Event": {\n"info": "x",\n', "0.json, line 2: neither MISP events nor a recording: Input"),
        (b'{"Event": {\n"info": "\xff"}}', "0.json, line 2: neither MISP events nor a recording: 'utf-8'"),
        ("[" * 100_000, "0.json, line 1: neither MISP events nor a recording: nested too deeply"),
    ],
)
def test_what_is_nothing_of_the_kind_is_said_once(
    reading: Reading, content: str | bytes, complaint: str
) -> None:
    assert reading(content) == []
    assert len(reading.complaints) == 1
    assert reading.complaints[0].startswith(complaint)


def test_good_events_of_a_list_and_good_files_survive_bad_ones(reading: Reading) -> None:
    messages = reading([{"Event": FULL}, {"Event": None}, 7], "nonsense", {"Event": event()})

    assert len(messages) == 8 + 2
    assert [complaint.split(":")[0] for complaint in sorted(reading.complaints)] == [
        "0.json, item 2", "0.json, item 3", "1.json, line 1",
    ]  # fmt: skip


def test_a_file_that_is_not_there_is_said(reading: Reading, tmp_path: Path) -> None:
    assert list(read([tmp_path / "none", tmp_path], reading.errors.append)) == []
    assert [str(error) for error in reading.errors] == [
        f"{tmp_path}/none: No such file or directory",
        f"{tmp_path}: Is a directory",
    ]
