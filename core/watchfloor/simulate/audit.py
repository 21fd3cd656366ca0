"""MISP's three logs, which share the topic `misp_json_audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from watchfloor.simulate.model import User
    from watchfloor.simulate.wire import Frame

_json = msgspec.json.Encoder().encode
AGENTS = ("PyMISP 2.5.1 - Python 3.11", "Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "MISP 2.5.1")


def login(user: User, when: datetime) -> Frame:
    """An entry of the classic log."""
    entry = {
        "org": user.organisation.name,
        "email": user.email,
        "user_id": str(user.id),
        "action": "login",
        "title": f"User ({user.id}): {user.email}",
        "change": f'{{"user_agent":"{AGENTS[user.id % 2]}","ip":"{user.address}"}}',
        "model": "User",
        "model_id": str(user.id),
        "ip": user.address,
        "request_is_rest": False,
        "description": "",
        "created": f"{when:%Y-%m-%d %H:%M:%S}",
    }
    return "misp_json_audit", _json({"Log": entry, "action": "log"})


def entry(
    user: User, when: datetime, action: str, model: tuple[str, int, str], event_id: int, **change: object
) -> Frame:
    """An entry of the newer audit log; `model` is its name, id and title."""
    row = {
        "created": f"{when:%Y-%m-%d %H:%M:%S}",
        "action": action,
        "model": model[0],
        "model_id": str(model[1]),
        "model_title": model[2],
        "event_id": str(event_id),
        "change": change,
        "ip": user.address,
        "user_id": str(user.id),
        "org_id": str(user.organisation.id),
        "request_type": user.id % 2,
        "authkey_id": str(user.id) if user.id % 2 else None,
    }
    return "misp_json_audit", _json({"AuditLog": row, "action": "log"})


def access(user: User, when: datetime, controller: str, path: str, duration: int) -> Frame:
    """A record of the access log: flat, with numbers as numbers."""
    record = {
        "created": f"{when:%Y-%m-%d %H:%M:%S.%f}",
        "request_id": None,
        "user_id": user.id,
        "org_id": user.organisation.id,
        "authkey_id": None,
        "ip": user.address,
        "user_agent": AGENTS[user.id % len(AGENTS)],
        "request_method": "GET",
        "controller": controller,
        "action": "log",
        "url": f"/{controller}/{path}",
        "response_code": 200,
        "memory_usage": 6_291_456,
        "query_count": 7 + duration % 40,
        "duration": duration,
    }
    return "misp_json_audit", _json(record)
