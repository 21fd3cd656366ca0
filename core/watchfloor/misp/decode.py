"""From a message to what happened: the one door to this package for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from watchfloor.errors import UndecodableError
from watchfloor.misp import (
    accounts,
    attributes,
    conversations,
    events,
    logs,
    objects,
    others,
    sightings,
    tags,
)
from watchfloor.misp.activities import SharingGroupTold
from watchfloor.misp.decoded import Decoded, Scene, moment
from watchfloor.misp.values import brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from watchfloor.misp.activities import Activity
    from watchfloor.misp.model import Message
    from watchfloor.misp.names import Names

Wire = TypeVar("Wire")


class UnknownTopicError(UndecodableError):
    """No MISP of which anything is known here sends this topic."""


class _Topic(Generic[Wire]):
    """How the messages of one topic are read."""

    def __init__(self, type_: type[Wire], read: Callable[[Wire, Decoded], None]) -> None:
        self._decoder = Decoder(type_)
        self._read = read

    def __call__(self, message: Message) -> Decoded:
        decoded = Decoded(message)
        self._read(self._decoder.decode(message.body), decoded)
        return decoded


_TOPICS: dict[str, Callable[[Message], Decoded]] = {
    "misp_json": _Topic(events.PublishedMessage, events.read_published),
    "misp_json_event": _Topic(events.EventMessage, events.read_event),
    "misp_json_attribute": _Topic(attributes.AttributeMessage, attributes.read_attribute),
    "misp_json_object": _Topic(objects.ObjectMessage, objects.read_object),
    "misp_json_object_reference": _Topic(objects.ReferenceMessage, objects.read_reference),
    "misp_json_sighting": _Topic(sightings.SightingMessage, sightings.read_sighting),
    "misp_json_tag": _Topic(tags.TagMessage, tags.read_tag),
    "misp_json_organisation": _Topic(accounts.OrganisationMessage, accounts.read_organisation),
    "misp_json_user": _Topic(accounts.UserMessage, accounts.read_user),
    "misp_json_conversation": _Topic(conversations.ConversationMessage, conversations.read_conversation),
    "misp_json_audit": _Topic(logs.AuditMessage, logs.read_audit),
    "misp_json_warninglist": _Topic(others.WarninglistMessage, others.read_warninglist),
    "misp_json_workflow": _Topic(Raw, others.read_workflow),
    "misp_json_self": _Topic(others.AliveMessage, others.read_alive),
}

TOPICS = tuple(_TOPICS)
"""Every topic that is understood."""


def decode(message: Message) -> Decoded:
    """Read a message.

    Raises UnknownTopicError for a topic that is not in `TOPICS`, UndecodableError for a body that is
    not what its topic promises.
    """
    read = _TOPICS.get(message.topic)
    if read is None:
        raise UnknownTopicError(f"topic '{brief(message.topic)}' is not known")
    try:
        return read(message)
    except UndecodableError:
        raise
    except RecursionError:
        raise UndecodableError("the JSON is nested too deeply") from None
    except (DecodeError, UnicodeDecodeError) as problem:
        raise UndecodableError(brief(str(problem), 200)) from None


def versions(decoded: Decoded) -> list[bytes]:
    """The versions of all that a message tells, in order; each is 8 bytes."""
    return [part.version for part in decoded.parts if part.version is not None]


def activities(decoded: Decoded, names: Names, seen: Callable[[bytes], bool], zone: tzinfo) -> list[Activity]:
    """What a message means, in its order; `names` learns from it.

    `seen` is asked once for each of `versions`, in order, whether it was met before.
    """
    message = decoded.message
    second = int(message.received)
    received = moment(second, zone)
    micros = int((message.received - second) * 1e6)
    if micros:
        received = received.replace(microsecond=micros)
    feed = names.of(message.feed)
    scene = Scene(message.feed, received, second, zone, feed, feed.learn(decoded))
    found = [part.activity(scene, part.version is None or not seen(part.version)) for part in decoded.parts]
    return [*found, *_groups(decoded, received)] if decoded.groups else found


def _groups(decoded: Decoded, received: datetime) -> list[Activity]:
    """The sharing groups whose members a message tells."""
    feed = decoded.message.feed
    return [
        SharingGroupTold(feed=feed, received=received, time=received, id=id_, members=members)
        for id_, members in decoded.groups.items()
        if members is not None and id_
    ]
