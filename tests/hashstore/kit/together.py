"""Changes that are made together, and what everybody is shown while they are brought in."""

from __future__ import annotations

from typing import Any

from asking import Seen, shown
from gate import Shut, Words
from misp_content import ORGS
from misp_database import insert

from watchfloor.testing import SiteUnderTest
from watchfloor_hashstore.lookup import Who

UUID = "11111111-1111-4111-8111-111111111111"
# What people do at a time to one event, its object 9 and its attribute, and to the group 5.
TOGETHER = {
    "attribute closed, event opened": ("attributes SET distribution = 0", "events SET distribution = 3"),
    "attribute opened, event closed": ("attributes SET distribution = 5", "events SET distribution = 0"),
    "object closed, event opened": ("objects SET distribution = 0", "events SET distribution = 3"),
    "object opened, event closed": ("objects SET distribution = 5", "events SET distribution = 0"),
    "attribute closed, object opened": ("attributes SET distribution = 0", "objects SET distribution = 5"),
    "attribute opened, object closed": ("attributes SET distribution = 5", "objects SET distribution = 0"),
    "group left, event shared with it": (
        "sharing_group_orgs SET org_id = 4", "events SET distribution = 4, sharing_group_id = 5",
    ),
    "group joined, event closed": ("sharing_group_orgs SET org_id = 3", "events SET distribution = 0"),
    "event given away, attribute added to": ("events SET org_id = 3", "attributes SET value1 = 'new'"),
}  # fmt: skip


class Watch:
    """What everybody is shown before each command that passes a gate."""

    def __init__(self, site: SiteUnderTest, hashes: list[bytes], shut_at: int | None = None) -> None:
        self.seen: list[dict[int, Seen]] = []
        self._site, self._hashes, self._shut_at = site, hashes, shut_at

    def __call__(self, number: int, _words: Words) -> None:
        if number == self._shut_at:
            raise Shut
        if self._shut_at is None:
            self.seen.append(everybody(self._site, self._hashes))


def everybody(site: SiteUnderTest, hashes: list[bytes]) -> dict[int, Seen]:
    """What each organisation is shown of these hashes."""
    return dict(zip(ORGS, shown(site.redis, list(map(Who, ORGS)), hashes), strict=True))


def check_never_more(during: list[dict[int, Seen]], *whole: dict[int, Seen]) -> None:
    """At no moment somebody was shown what MISP showed neither before nor after."""
    for org in ORGS:
        allowed = {(digest, told) for seen in whole for digest, all_ in seen[org].items() for told in all_}
        for number, moment in enumerate(during):
            found = {(digest, told) for digest, all_ in moment[org].items() for told in all_}
            assert found <= allowed, (org, number, found - allowed)


def at_first(cursor: Any, what: str) -> None:
    """An event of organisation 1 with one attribute, in an object, and a group of which 3 is a member.

    It is as it was before a change of `TOGETHER`.
    """
    insert(cursor, "events", [{"id": 1, "org_id": 1, "distribution": 3, "uuid": UUID, "date": "2026-01-02"}])
    insert(cursor, "objects", [{"id": 9, "event_id": 1, "distribution": 5, "uuid": "o"}])
    insert(cursor, "attributes", [
        {"id": 1, "event_id": 1, "object_id": 9, "category": "Other", "type": "text", "value1": "secret",
         "uuid": "a", "distribution": 5, "timestamp": 1_700_000_000}
    ])  # fmt: skip
    insert(cursor, "sharing_group_orgs", [{"sharing_group_id": 5, "org_id": 3}])
    for part in ("attribute", "object", "event"):
        if f"{part} opened" in what:
            cursor.execute(f"UPDATE {part}s SET distribution = 0")
    if what == "group joined, event closed":
        cursor.execute("UPDATE events SET distribution = 4, sharing_group_id = 5")
        cursor.execute("UPDATE sharing_group_orgs SET org_id = 4")


def change(cursor: Any, what: str) -> None:
    """Make a change of `TOGETHER`."""
    for one in TOGETHER[what]:
        stamp = ", timestamp = UNIX_TIMESTAMP()" if "attributes" in one else ""
        cursor.execute(f"UPDATE {one}{stamp}")
