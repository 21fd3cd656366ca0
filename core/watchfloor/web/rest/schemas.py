"""The pieces of the API's description that are the same for every panel: JSON Schema, and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from watchfloor.health import HealthState
from watchfloor.subscriber.states import State
from watchfloor.web.problem import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from watchfloor.panels import Column, Option

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MOMENT: Schema = {"type": "string", "format": "date-time"}
FLAG: Schema = {"type": "boolean"}
KINDS: Mapping[str, tuple[Schema, object]] = {
    "text": (TEXT, "tlp:clear"),
    "number": (NUMBER, 412),
    "day": ({"type": "string", "format": "date"}, "2026-11-22"),
    "time": (MOMENT, "2026-11-22T14:30:00+01:00"),
    "url": (TEXT, "https://misp.example/events/view/42"),
}
"""The schema of a value by the kind of its column, and an example."""


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def record(properties: Mapping[str, Schema], **more: object) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def ref(kind: str, name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def row(columns: Iterable[Column]) -> Schema:
    """A row of a panel."""
    described = {}
    for column in columns:
        schema, example = KINDS[column.kind]
        meaning = f"{column.title}. {column.meaning}".strip()
        described[column.name] = {**nullable(schema), "description": meaning, "examples": [example]}
    return record(described)


def option(declared: Option) -> Schema:
    """A panel's option as a parameter of its address."""
    value: Schema = {"type": "string", "maxLength": 2000}
    if declared.choices:
        value = {"type": "string", "enum": [choice for choice in declared.choices if choice]}
    if declared.many:
        value = {"type": "array", "items": value, "maxItems": 50}
    return {"name": declared.name, "in": "query", "description": declared.meaning, "schema": value}


_MOMENT: Schema = {"anyOf": [{"type": "string", "format": "date"}, MOMENT]}


def _parameter(name: str, description: str, schema: Schema, example: str) -> Schema:
    return {
        "name": name, "in": "query", "description": description, "schema": schema, "example": example,
    }  # fmt: skip


PARAMETERS = {
    "last": _parameter(
        "last",
        "A range that ends now: so many days of the site, today included, or hours or minutes; 7d where "
        "nothing is said. Not together with from and to.",
        {"type": "string", "pattern": "^[1-9][0-9]{0,2}[mhd]$"},
        "48h",
    ),
    "from": _parameter("from", "The first day of the range, or when it begins.", _MOMENT, "2026-11-01"),
    "to": _parameter("to", "The last day of the range, or when it ends.", _MOMENT, "2026-11-22"),
    "tz": _parameter(
        "tz",
        "The time zone of the times in the answer, by its name; the site's own where nothing is said.",
        {"type": "string", "examples": ["UTC", "Europe/Luxembourg"]},
        "UTC",
    ),
    "If-None-Match": {
        "name": "If-None-Match", "in": "header", "schema": TEXT,
        "description": "The ETag of an answer that the client has: it is answered with 304 while it holds.",
    },
}  # fmt: skip

COMPONENTS: Mapping[str, Schema] = {
    "Problem": record(
        {
            "type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT, "instance": TEXT,
            "plugin": TEXT, "error_id": TEXT,
        },
        required=["type", "title", "status", "detail", "instance"],
        description="What went wrong (RFC 9457). error_id is the id of the line in the web process' log.",
    ),
    "Range": record(
        {"from": MOMENT, "to": MOMENT, "zone": TEXT, "last": nullable(TEXT)},
        description="From, up to and without to. last is set when the range follows now.",
    ),
    "Figure": record({"name": TEXT, "title": TEXT, "value": NUMBER}),
    "Empty": record(
        {"text": TEXT, "link": TEXT, "words": TEXT},
        description="Why there is nothing, and what to do; link is the address that would show something.",
    ),
    "Column": record(
        {"name": TEXT, "title": TEXT, "kind": {"enum": list(KINDS)}, "meaning": TEXT}
    ),
    "Option": record(
        {"name": TEXT, "meaning": TEXT, "choices": {"type": "array", "items": TEXT}, "many": FLAG}
    ),
    "Panel": record(
        {
            "panel": TEXT, "title": TEXT, "meaning": TEXT, "json": TEXT, "csv": TEXT,
            "columns": {"type": "array", "items": ref("schemas", "Column")},
            "options": {"type": "array", "items": ref("schemas", "Option")},
            "ranged": FLAG, "channel": nullable(TEXT),
        }
    ),
    "Feed": record(
        {
            "name": TEXT, "url": TEXT, "state": {"enum": list(get_args(State))}, "text": TEXT,
            "last_seen": nullable(MOMENT), "messages": COUNT, "bytes": COUNT,
            "topics": {"type": "object", "additionalProperties": COUNT},
            "spooled": COUNT, "refused": COUNT, "dropped": COUNT, "reconnects": COUNT, "auth_refused": COUNT,
        }
    ),
    "Check": record(
        {
            "owner": TEXT, "name": TEXT, "state": {"enum": list(get_args(HealthState))}, "critical": FLAG,
            "text": TEXT, "milliseconds": NUMBER,
        }
    ),
}  # fmt: skip


def problem(description: str) -> Schema:
    """An answer that is a problem."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": ref("schemas", "Problem")}}}


RESPONSES = {
    "NotModified": {"description": "The client has it: nothing changed that If-None-Match names."},
    "Senseless": problem("The address makes no sense; detail says what to write instead."),
    "Broken": problem("The plugin that the problem names could not answer."),
    "TooLong": problem("The address has more than 8 KiB."),
    "Away": problem(
        "Redis does not answer, or the plugin took too long; Retry-After says when to try again."
    ),
}
