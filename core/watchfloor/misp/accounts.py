"""Users and organisations: `misp_json_user`, `misp_json_organisation`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watchfloor.errors import UndecodableError
from watchfloor.misp.activities import Activity, OrganisationChanged, UserChanged, UserLoggedIn
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.model import EVERYONE
from watchfloor.misp.values import Scalar, ident, text
from watchfloor.misp.wire import Empty, OrgRow


class UserRow(Struct, gc=False):
    """A user."""

    email: Scalar
    org_id: Scalar = None


class UserMessage(Struct, gc=False):
    """`misp_json_user`. MISP says "edit" when it added a user, and "add" when it changed one."""

    User: UserRow
    Organisation: OrgRow | Empty = None
    action: Scalar = None


class OrganisationMessage(Struct, gc=False):
    """`misp_json_organisation`."""

    Organisation: OrgRow


class Login(Part, gc=False):
    """A user logged in."""

    user: str
    org_id: str
    org: str
    source: Literal["user", "audit"]

    def activity(self, scene: Scene, new: bool) -> Activity:
        return UserLoggedIn(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            new=new,
            source=self.source,
            org=scene.org(self.org_id, self.org),
            org_id=self.org_id,
            user=self.user,
        )


class ChangedUser(Part, gc=False):
    """A user was added or edited."""

    user: str
    org_id: str
    org: str
    action: Literal["add", "edit"]

    def activity(self, scene: Scene, new: bool) -> Activity:
        return UserChanged(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            new=new,
            action=self.action,
            org=scene.org(self.org_id, self.org),
            org_id=self.org_id,
            user=self.user,
        )


class Organisation(Part, gc=False):
    """An organisation was added or edited."""

    row: OrgRow

    def activity(self, scene: Scene, new: bool) -> Activity:
        return OrganisationChanged(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            audience=EVERYONE,
            new=new,
            id=ident(self.row.id),
            uuid=text(self.row.uuid),
            org=text(self.row.name),
        )


def read_user(wire: UserMessage, out: Decoded) -> None:
    """A user logged in, was added or was edited."""
    org = wire.Organisation if isinstance(wire.Organisation, OrgRow) else None
    org_id = out.tell_org(org, wire.User.org_id)
    name, email = "" if org is None else text(org.name), text(wire.User.email)
    if wire.action == "login":
        out.parts.append(Login(None, email, org_id, name, "user"))
    else:
        swapped: Literal["add", "edit"] = "add" if wire.action == "edit" else "edit"
        out.parts.append(ChangedUser(None, email, org_id, name, swapped))


def read_organisation(wire: OrganisationMessage, out: Decoded) -> None:
    """An organisation was added or edited."""
    if not text(wire.Organisation.name):
        raise UndecodableError("`$.Organisation.name` is missing")
    out.tell_org(wire.Organisation)
    out.parts.append(Organisation(None, wire.Organisation))
