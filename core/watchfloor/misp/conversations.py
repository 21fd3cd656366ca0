"""Discussions: `misp_json_conversation`."""

from __future__ import annotations

from msgspec import Struct

from watchfloor.errors import UndecodableError
from watchfloor.misp.activities import Activity, PostWritten, ThreadOpened
from watchfloor.misp.audience import of_thread
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.facts import NO_EVENT, ThreadFacts
from watchfloor.misp.model import NOBODY
from watchfloor.misp.values import Scalar, ident, text
from watchfloor.misp.wire import OrgRow

NO_EVENT_ID = "0"


class ThreadRow(Struct, gc=False):
    """A discussion; its id is not told."""

    title: Scalar
    user_id: Scalar = None
    event_id: Scalar = None
    date_created: Scalar = None
    distribution: Scalar = None
    sharing_group_id: Scalar = None
    org_id: Scalar = None
    org_name: Scalar = None
    user_email: Scalar = None


class PostRow(Struct, gc=False):
    """What somebody wrote in a discussion."""

    thread_id: Scalar
    user_id: Scalar = None
    date_created: Scalar = None
    org_id: Scalar = None
    org_name: Scalar = None
    user_email: Scalar = None


class ConversationMessage(Struct, gc=False):
    """`misp_json_conversation`: one of the two."""

    Thread: ThreadRow | None = None
    Post: PostRow | None = None


class Thread(Part, gc=False):
    """A discussion that was opened."""

    row: ThreadRow
    facts: ThreadFacts

    def activity(self, scene: Scene, new: bool) -> Activity:
        row = self.row
        scene.names.opened(ident(row.user_id), text(row.date_created), self.facts)
        return ThreadOpened(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=of_thread(self.facts, scene.about, scene.names.groups.get),
            new=new,
            event=scene.about.event,
            title=self.facts.title,
            org=scene.org(self.facts.org_id, text(row.org_name)),
            org_id=self.facts.org_id,
            user=text(row.user_email),
        )


class Post(Part, gc=False):
    """What somebody wrote. Only who knows its discussion knows what it is about, and who may see it."""

    row: PostRow

    def activity(self, scene: Scene, new: bool) -> Activity:
        row, names = self.row, scene.names
        thread = names.thread(ident(row.thread_id), ident(row.user_id), text(row.date_created))
        about, audience, title = NO_EVENT, NOBODY, ""
        if thread is not None:
            about = names.event(thread.event_id)
            audience = of_thread(thread, about, names.groups.get)
            title = about.event.info or thread.title
        return PostWritten(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=audience,
            new=new,
            event=about.event,
            thread_id=ident(row.thread_id),
            title=title,
            org=scene.org(ident(row.org_id), text(row.org_name)),
            org_id=ident(row.org_id),
            user=text(row.user_email),
        )


def read_conversation(wire: ConversationMessage, out: Decoded) -> None:
    """A discussion was opened, or continued."""
    if wire.Thread is None and wire.Post is None:
        raise UndecodableError("neither `$.Thread` nor `$.Post` is there")
    if wire.Thread is not None:
        _read_thread(wire.Thread, out)
    if wire.Post is not None:
        _read_post(wire.Post, out)


def _read_thread(row: ThreadRow, out: Decoded) -> None:
    event_id = ident(row.event_id) or NO_EVENT_ID
    out.tell_event(None, event_id)
    org_id = out.tell_org(OrgRow(row.org_id, None, row.org_name))
    level = text(row.distribution), ident(row.sharing_group_id)
    if level[0] == "4":
        out.groups.setdefault(level[1], None)
    out.user_id = ident(row.user_id)
    out.parts.append(Thread(None, row, ThreadFacts(event_id, text(row.title), org_id, *level)))


def _read_post(row: PostRow, out: Decoded) -> None:
    out.tell_org(OrgRow(row.org_id, None, row.org_name))
    out.thread_id, out.user_id = ident(row.thread_id), ident(row.user_id)
    out.parts.append(Post(None, row))
