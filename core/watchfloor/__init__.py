"""Watchfloor's public API: what plugins import, and all that they may import.

`hookimpl` marks hooks (`watchfloor.hookspecs` documents each), the values below are what they return
and what they are given, and the activities are what happened on a MISP.
"""

from __future__ import annotations

from watchfloor.config.settings import Secret
from watchfloor.contracts import (
    AfterCommit,
    Channel,
    Demo,
    Handler,
    Key,
    Keys,
    RawHandler,
    Reads,
    RedisAccess,
    Terminal,
    Writes,
    escape,
    unescape,
)
from watchfloor.health import Check, FeedLight, Health, Probe
from watchfloor.hookspecs import hookimpl
from watchfloor.misp.activities import (
    Activity,
    AttributeDeleted,
    AttributeShared,
    AuditLogged,
    EventActivity,
    EventDeleted,
    EventPulled,
    EventShared,
    FeedAlive,
    ObjectDeleted,
    ObjectReferenceShared,
    ObjectShared,
    OrganisationChanged,
    PostWritten,
    ProposalMade,
    SharingGroupTold,
    SightingDeleted,
    SightingReported,
    TagAttached,
    TagChanged,
    TagDetached,
    ThreadOpened,
    UserChanged,
    UserLoggedIn,
    WarninglistChanged,
    WorkflowRan,
)
from watchfloor.misp.model import EVERYONE, NOBODY, Audience, Event, Level, Message, Tag
from watchfloor.panels import (
    Ask,
    Chart,
    Column,
    Figure,
    LiveItem,
    NavItem,
    Option,
    Panel,
    Value,
    View,
)
from watchfloor.text import printable
from watchfloor.web.api import LargeRoute, ask, page, problem

__version__ = "0.1.0"

__all__ = [
    "EVERYONE", "NOBODY", "Activity", "AfterCommit", "Ask", "AttributeDeleted", "AttributeShared",
    "Audience", "AuditLogged", "Channel", "Chart", "Check", "Column", "Demo", "Event", "EventActivity",
    "EventDeleted", "EventPulled", "EventShared", "FeedAlive", "FeedLight", "Figure", "Handler",
    "Health", "Key", "Keys", "LargeRoute", "Level", "LiveItem", "Message", "NavItem", "ObjectDeleted",
    "ObjectReferenceShared", "ObjectShared", "Option", "OrganisationChanged", "Panel", "PostWritten",
    "Probe", "ProposalMade", "RawHandler", "Reads", "RedisAccess", "Secret", "SharingGroupTold",
    "SightingDeleted", "SightingReported", "Tag", "TagAttached", "TagChanged", "TagDetached", "Terminal",
    "ThreadOpened", "UserChanged", "UserLoggedIn", "Value", "View", "WarninglistChanged", "WorkflowRan",
    "Writes", "ask", "escape", "hookimpl", "page", "printable", "problem", "unescape",
]  # fmt: skip
