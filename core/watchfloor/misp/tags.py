"""Tags: as attached to things, and `misp_json_tag`."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from watchfloor.errors import UndecodableError
from watchfloor.misp import tagged
from watchfloor.misp.activities import Activity, TagAttached, TagChanged, TagDetached
from watchfloor.misp.audience import UNTOLD
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.facts import TagFacts
from watchfloor.misp.model import EVERYONE, Tag
from watchfloor.misp.tagged import Tags, bounded
from watchfloor.misp.values import Scalar, flag, ident, text
from watchfloor.misp.wire import Rows, TagLinkRow, TagRow, each

_LONGEST_NAME, _LONGEST_ID = 255, 40
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class TagMessage(Struct, gc=False):
    """`misp_json_tag`."""

    Tag: TagRow
    action: Literal[
        "add",
        "edit",
        "delete",
        "attached to event",
        "detached from event",
        "attached to attribute",
        "detached from attribute",
    ]


class ChangedTag(Part, gc=False):
    """A tag was defined, changed or deleted."""

    tag: Tag
    action: Literal["add", "edit", "delete"]

    def activity(self, scene: Scene, new: bool) -> Activity:
        return TagChanged(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=EVERYONE,
            new=new,
            action=self.action,
            tag=self.tag,
        )


class MovedTag(Part, gc=False):
    """A tag was attached or detached. How far an attribute is shared is not in the message."""

    tag: Tag
    attribute_id: str
    type_: type[TagAttached] | type[TagDetached]

    def activity(self, scene: Scene, new: bool) -> Activity:
        return self.type_(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=scene.audience(UNTOLD) if self.attribute_id else scene.audience(),
            new=new,
            event=scene.about.event,
            tag=self.tag,
            attribute_id=self.attribute_id,
        )


def read_tag(wire: TagMessage, out: Decoded) -> None:
    """A tag was defined, changed or deleted, attached or detached."""
    tag, action = tag_of(wire.Tag, wire.Tag.local), wire.action
    if action in ("add", "edit", "delete"):
        out.parts.append(ChangedTag(None, tag, action))
        return
    attribute_id = ident(wire.Tag.attribute_id) if action.endswith("attribute") else ""
    if action.endswith("attribute") and not attribute_id:
        raise UndecodableError(f"a tag was {action}, but `$.Tag.attribute_id` names none")
    out.tell_event(None, wire.Tag.event_id)
    type_ = TagAttached if action.startswith("attached") else TagDetached
    if not attribute_id:
        out.tags = bounded([_facts_of(wire.Tag, wire.Tag.local)])
        out.retag = tagged.attached if type_ is TagAttached else tagged.detached
    out.parts.append(MovedTag(None, tag, attribute_id, type_))


def attached(tags: Rows[TagRow], links: Rows[TagLinkRow]) -> tuple[Tag, ...]:
    """The tags of a thing, which older messages hold inside of what attaches them."""
    direct = [tag_of(row, row.local) for row in each(tags)]
    if not links:
        return tuple(direct)
    linked = [tag_of(link.Tag, link.local) for link in each(links) if link.Tag]
    return tuple({tag.name: tag for tag in (*linked, *direct)}.values())


def facts_of(tags: Rows[TagRow], links: Rows[TagLinkRow]) -> Tags:
    """What is remembered of the tags of an event."""
    linked = [_facts_of(link.Tag, link.local) for link in each(links) if link.Tag]
    return bounded([*linked, *(_facts_of(row, row.local) for row in each(tags))])


def _facts_of(row: TagRow, local: Scalar) -> TagFacts:
    """The tag, with a name that MISP has room for; an id that none can have is left out."""
    tag = tag_of(row, local)
    id_ = tag.id if len(tag.id) <= _LONGEST_ID else ""
    exportable = row.exportable is None or flag(row.exportable)
    return TagFacts(tag.name[:_LONGEST_NAME], id_, tag.colour, tag.local, exportable)


def tag_of(row: TagRow, local: Scalar) -> Tag:
    """A tag; a colour that is none is left out, as it would end up in a page's style."""
    colour = text(row.colour)
    return Tag(ident(row.id), text(row.name), colour if _COLOUR.fullmatch(colour) else "", flag(local))
