"""What messages of a MISP mean: one typed value per thing that happened.

Every field is normalised, whatever MISP's version and shape of message was: ids are text, times are
aware datetimes in the site's time zone, absent text is "". Ids are local to a feed; UUIDs are global.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from watchfloor.misp.model import NOBODY, Audience, Event, Level, Tag


class Activity(Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened on an instance.

    `received` is when the message came, `time` what MISP itself says (the time of receipt where it
    says nothing, or nothing credible: before 1990, or more than a day ahead). `new` is False when
    this very version (UUID and timestamp) was seen before, on any feed and in any topic.
    """

    feed: str
    received: datetime
    time: datetime
    audience: Audience = NOBODY
    new: bool = True


class EventActivity(Activity, frozen=True, kw_only=True):
    """Something that happened to, or inside, an event."""

    event: Event


class EventShared(EventActivity, frozen=True, kw_only=True):
    """An event was added, edited or published (a publication repeats the event whole).

    `levels` is how far it is shared, as `audience` was worked out from it: one distribution and sharing
    group. `published` is None where it was not told. `all_tags` says whether `tags` are all that the event
    has: a publication is silent about those that may not be exported.
    """

    action: Literal["add", "edit", "publish"]
    tags: tuple[Tag, ...] = ()
    all_tags: bool = False
    date: str = ""
    threat_level: str = ""
    analysis: str = ""
    attribute_count: int = 0
    levels: tuple[Level, ...] = ()
    published: bool | None = None


class EventDeleted(EventActivity, frozen=True, kw_only=True):
    """An event was deleted, and with it, unsaid, all that it held."""


class EventPulled(EventActivity, frozen=True, kw_only=True):
    """An event came from a connected server; its content was announced before."""

    action: Literal["add", "edit"]
    server_id: str


class AttributeShared(EventActivity, frozen=True, kw_only=True):
    """An attribute was added or edited, or repeated by a publication of its event.

    `object` is the name of the object that holds it ("file"), `relation` its place there; both "" for
    an attribute of the event itself. `distribution` is "" where it was not told; `sharing_group_id`
    matters where it is "4". `levels` are those of the event, of the object if there is one, and its own;
    `published` is the event's, None where it was not told.
    """

    action: Literal["add", "edit", "publish"]
    id: str
    uuid: str
    type: str
    category: str
    value: str
    to_ids: bool = False
    comment: str = ""
    tags: tuple[Tag, ...] = ()
    object: str = ""
    object_id: str = ""
    relation: str = ""
    distribution: str = "5"
    sharing_group_id: str = "0"
    levels: tuple[Level, ...] = ()
    published: bool | None = None


class AttributeDeleted(EventActivity, frozen=True, kw_only=True):
    """An attribute was deleted; `hard` when its row is gone (`value` may be MISP's placeholder).

    `levels` and `published` as in `AttributeShared`: nothing else tells that the event was unpublished by it.
    """

    id: str
    uuid: str
    type: str
    category: str
    value: str
    hard: bool
    levels: tuple[Level, ...] = ()
    published: bool | None = None


class ProposalMade(EventActivity, frozen=True, kw_only=True):
    """A proposal (shadow attribute) stands in a published event; `org` proposed it."""

    id: str
    uuid: str
    type: str
    category: str
    value: str
    org: str = ""
    org_id: str = ""


class ObjectShared(EventActivity, frozen=True, kw_only=True):
    """An object was added or edited, or repeated by a publication; `levels` are the event's and its own."""

    action: Literal["add", "edit", "publish"]
    id: str
    uuid: str
    name: str
    meta_category: str = ""
    levels: tuple[Level, ...] = ()


class ObjectDeleted(EventActivity, frozen=True, kw_only=True):
    """An object was deleted."""

    id: str
    uuid: str
    name: str
    hard: bool


class ObjectReferenceShared(EventActivity, frozen=True, kw_only=True):
    """A reference between objects or attributes was added, edited or deleted."""

    action: Literal["add", "edit", "delete"]
    uuid: str
    source_uuid: str = ""
    referenced_uuid: str = ""
    relationship: str = ""


class SightingReported(EventActivity, frozen=True, kw_only=True):
    """An organisation (`org`, "" when its name is not known yet) saw an attribute, or did not."""

    kind: Literal["sighting", "false-positive", "expiration"]
    uuid: str
    org: str = ""
    org_id: str = ""
    source: str = ""
    attribute_id: str = ""
    attribute_uuid: str = ""
    type: str = ""
    category: str = ""
    value: str = ""


class SightingDeleted(EventActivity, frozen=True, kw_only=True):
    """A sighting was taken back."""

    kind: Literal["sighting", "false-positive", "expiration"]
    uuid: str
    org: str = ""
    org_id: str = ""
    attribute_uuid: str = ""


class TagAttached(EventActivity, frozen=True, kw_only=True):
    """A tag was attached to an event, or to one of its attributes (`attribute_id`, else "")."""

    tag: Tag
    attribute_id: str = ""


class TagDetached(EventActivity, frozen=True, kw_only=True):
    """A tag was detached."""

    tag: Tag
    attribute_id: str = ""


class TagChanged(Activity, frozen=True, kw_only=True):
    """The tag itself was added, edited or deleted."""

    action: Literal["add", "edit", "delete"]
    tag: Tag


class ThreadOpened(EventActivity, frozen=True, kw_only=True):
    """A discussion was opened; about no event when `event.id` is "0"."""

    title: str
    org: str
    org_id: str = ""
    user: str = ""


class PostWritten(EventActivity, frozen=True, kw_only=True):
    """Somebody wrote in a discussion. `title` is the discussed event's, else the thread's, else ""."""

    thread_id: str
    title: str
    org: str
    org_id: str = ""
    user: str = ""


class UserLoggedIn(Activity, frozen=True, kw_only=True):
    """A user logged in. `source` tells which topic said so: with both switched on, both do."""

    source: Literal["user", "audit"]
    org: str
    org_id: str = ""
    user: str = ""


class UserChanged(Activity, frozen=True, kw_only=True):
    """A user was added or edited (MISP swaps the two words in its messages; here they are right)."""

    action: Literal["add", "edit"]
    org: str
    org_id: str = ""
    user: str = ""


class OrganisationChanged(Activity, frozen=True, kw_only=True):
    """An organisation was added or edited."""

    id: str
    uuid: str
    org: str


class SharingGroupTold(Activity, frozen=True, kw_only=True):
    """An event told who is in a sharing group, by the local ids of organisations; everyone if all are."""

    id: str
    members: Audience


class AuditLogged(Activity, frozen=True, kw_only=True):
    """An entry of MISP's log, audit log or access log, other than a login.

    For an access log entry `model` is the controller and `action` is "access".
    """

    log: Literal["log", "audit", "access"]
    action: str
    model: str
    model_id: str = ""
    title: str = ""
    org: str = ""
    org_id: str = ""
    user: str = ""
    user_id: str = ""
    event_id: str = ""


class WarninglistChanged(Activity, frozen=True, kw_only=True):
    """A warninglist was added or edited (its entries are not in the message)."""

    action: Literal["add", "edit"]
    id: str
    name: str
    enabled: bool


class WorkflowRan(Activity, frozen=True, kw_only=True):
    """A workflow pushed something; `payload` is its JSON text as received."""

    payload: str


class FeedAlive(Activity, frozen=True, kw_only=True):
    """MISP's keep-alive, sent in idle moments only; `uptime` in seconds."""

    uptime: int
