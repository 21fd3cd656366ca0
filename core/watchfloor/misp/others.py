"""What is about the instance itself: warninglists, workflows, and that it is alive."""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct

from watchfloor.misp.activities import Activity, FeedAlive, WarninglistChanged, WorkflowRan
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.model import EVERYONE
from watchfloor.misp.values import Scalar, flag, ident, number, text


class WarninglistRow(Struct, gc=False):
    """A warninglist, without its entries."""

    name: Scalar
    id: Scalar = None
    enabled: Scalar = None


class WarninglistMessage(Struct, gc=False):
    """`misp_json_warninglist`."""

    Warninglist: WarninglistRow
    action: Literal["add", "edit"] | None = None


class AliveMessage(Struct, gc=False):
    """`misp_json_self`."""

    uptime: Scalar


class Warninglist(Part, gc=False):
    """A warninglist was added or edited."""

    row: WarninglistRow
    action: Literal["add", "edit"]

    def activity(self, scene: Scene, new: bool) -> Activity:
        return WarninglistChanged(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=EVERYONE,
            new=new,
            action=self.action,
            id=ident(self.row.id),
            name=text(self.row.name),
            enabled=flag(self.row.enabled),
        )


class Workflow(Part, gc=False):
    """A workflow pushed something: any JSON."""

    payload: str

    def activity(self, scene: Scene, new: bool) -> Activity:
        return WorkflowRan(
            feed=scene.feed, received=scene.received, time=scene.received, new=new, payload=self.payload
        )


class Alive(Part, gc=False):
    """The publisher is alive."""

    uptime: int

    def activity(self, scene: Scene, new: bool) -> Activity:
        return FeedAlive(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=EVERYONE,
            new=new,
            uptime=self.uptime,
        )


def read_warninglist(wire: WarninglistMessage, out: Decoded) -> None:
    """A warninglist was added or edited."""
    out.parts.append(Warninglist(None, wire.Warninglist, wire.action or "edit"))


def read_workflow(wire: Raw, out: Decoded) -> None:
    """A workflow pushed something."""
    out.parts.append(Workflow(None, bytes(wire).decode()))


def read_alive(wire: AliveMessage, out: Decoded) -> None:
    """The publisher is alive."""
    out.parts.append(Alive(None, number(wire.uptime)))
