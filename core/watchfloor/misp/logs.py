"""MISP's log, audit log and access log: `misp_json_audit`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watchfloor.errors import UndecodableError
from watchfloor.misp.accounts import Login
from watchfloor.misp.activities import Activity, AuditLogged
from watchfloor.misp.decoded import Decoded, Part, Scene
from watchfloor.misp.values import Scalar, ident, text


class LogRow(Struct, gc=False):
    """An entry of the log."""

    action: Scalar
    model: Scalar
    model_id: Scalar = None
    title: Scalar = None
    org: Scalar = None
    email: Scalar = None
    user_id: Scalar = None


class AuditLogRow(Struct, gc=False):
    """An entry of the audit log, which knows ids only."""

    action: Scalar
    model: Scalar
    model_id: Scalar = None
    model_title: Scalar = None
    event_id: Scalar = None
    user_id: Scalar = None
    org_id: Scalar = None


class AuditMessage(Struct, gc=False):
    """`misp_json_audit`: one of the two, or else, flat, an entry of the access log."""

    Log: LogRow | None = None
    AuditLog: AuditLogRow | None = None
    controller: Scalar = None
    url: Scalar = None
    user_id: Scalar = None
    org_id: Scalar = None


class Entry(Part, gc=False):
    """An entry of any of the three; only site admins see them. Its time has no zone, so it is not used."""

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

    def activity(self, scene: Scene, new: bool) -> Activity:
        return AuditLogged(
            feed=scene.feed,
            received=scene.received,
            time=scene.received,
            new=new,
            log=self.log,
            action=self.action,
            model=self.model,
            model_id=self.model_id,
            title=self.title,
            org=scene.org(self.org_id, self.org),
            org_id=self.org_id,
            user=self.user,
            user_id=self.user_id,
            event_id=self.event_id,
        )


def read_audit(wire: AuditMessage, out: Decoded) -> None:
    """Something was logged."""
    if wire.Log is not None:
        out.parts.append(_of_log(wire.Log))
    elif wire.AuditLog is not None:
        out.parts.append(_of_audit_log(wire.AuditLog, out))
    elif wire.controller is not None:
        out.parts.append(_of_access_log(wire, out))
    else:
        raise UndecodableError("none of `$.Log`, `$.AuditLog` and `$.controller` is there")


def _of_log(row: LogRow) -> Part:
    action, model = text(row.action), text(row.model)
    if action == "login" and model == "User":
        return Login(None, text(row.email), "", text(row.org), "audit")
    return Entry(
        None,
        "log",
        action,
        model,
        model_id=ident(row.model_id),
        title=text(row.title),
        org=text(row.org),
        user=text(row.email),
        user_id=ident(row.user_id),
    )


def _of_audit_log(row: AuditLogRow, out: Decoded) -> Part:
    return Entry(
        None,
        "audit",
        text(row.action),
        text(row.model),
        model_id=ident(row.model_id),
        title=text(row.model_title),
        org_id=out.tell_org(None, row.org_id),
        user_id=ident(row.user_id),
        event_id=ident(row.event_id),
    )


def _of_access_log(wire: AuditMessage, out: Decoded) -> Part:
    return Entry(
        None,
        "access",
        "access",
        text(wire.controller),
        title=text(wire.url),
        org_id=out.tell_org(None, wire.org_id),
        user_id=ident(wire.user_id),
    )
