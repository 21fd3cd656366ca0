"""What users of a MISP do to its database, and the messages that MISP sends of it on its ZMQ feed."""

from __future__ import annotations

import random
import time
from typing import Any

from misp_content import EVENTS, GROUPS, LEVELS, MISSING, ORGS, OWNERS, attribute, holder_of, rand_uuid
from misp_database import insert

Message = tuple[str, Any]
_FLAGS = {"published", "to_ids", "deleted"}  # what MISP sends as true and false; other numbers are text
_OF_AN_EVENT = ("id", "date", "info", "uuid", "published", "org_id", "orgc_id", "distribution",
                "sharing_group_id")  # fmt: skip


class Changes:
    """Changes the database, and keeps the messages of it. Whatever has a time stamp gets a new one."""

    def __init__(self, cursor: Any, seed: int) -> None:
        self.messages: list[Message] = []
        self._cursor = cursor
        self._rng = random.Random(seed)
        self._second = int(time.time())

    def told(self) -> list[Message]:
        """The messages since the last time."""
        messages, self.messages = self.messages, []
        return messages

    def shuffle(self) -> None:
        """Change much, in every way that both an update and the feed learn of."""
        self._second += 1
        for id_ in self._rng.sample(range(1, EVENTS + 1), 30):
            self._event(id_)
        for id_ in self._some("objects", 100):
            self._object(id_)
        for n, id_ in enumerate(self._some("attributes", 160)):
            self._attribute(id_, n)
        for _ in range(5):
            self._new_event()
        for id_ in self._some("events", 3):
            self._no_event(id_)
        self._group()

    def lose(self) -> None:
        """Delete rows of attributes and objects, which the feed tells of at once, and an import finds."""
        self._second += 1
        for id_ in self._some("attributes", 20):
            self._tell("attribute", Attribute=self._told_attribute(id_), action="delete")
            self._cursor.execute("DELETE FROM attributes WHERE id = %s", (id_,))
        for id_ in self._some("objects", 5):
            self._tell("object", Object=self._row("objects", id_), action="delete")
            self._cursor.execute("DELETE FROM objects WHERE id = %s", (id_,))

    def tag(self) -> None:
        """Attach and detach tags, which tells of nothing but the tag where it is local."""
        for table, of, count in (("event_tags", "event", 40), ("attribute_tags", "attribute", 120)):
            for id_ in self._some(f"{of}s", count):
                self._attach(table, of, id_)
            for row in self._some(table, count // 2):
                self._detach(table, of, row)

    def tell(self, attribute: int, group: int) -> None:
        """Tell of an attribute, its object and its event as they are now, and of who is in a group."""
        row = self._row("attributes", attribute) or {}
        orgs = self._rows("SELECT org_id FROM sharing_group_orgs WHERE sharing_group_id = %s", group)
        told = {"id": str(group), "SharingGroupOrg": [{"org_id": str(org)} for (org,) in orgs],
                "SharingGroupServer": []}  # fmt: skip
        event = {**(self._row("events", int(row["event_id"])) or {}), "SharingGroup": told}
        self._tell("event", Event=event, EventTag=[], action="edit")
        self._tell("object", Object=self._row("objects", int(row["object_id"])), action="edit")
        self._tell_attribute(attribute, "edit")

    def _attach(self, table: str, of: str, id_: int) -> None:
        tag = self._rng.choice(self._rows("SELECT id, name FROM tags ORDER BY id"))
        column = "id" if of == "event" else "event_id"
        ((event,),) = self._rows(f"SELECT {column} FROM {of}s WHERE id = %s", id_)
        insert(self._cursor, table, [{f"{of}_id": id_, "event_id": event, "tag_id": tag[0]}])
        self._tell_tag("attached to", of, (id_, event), tag)

    def _detach(self, table: str, of: str, row: int) -> None:
        joined = f"{table} r JOIN tags t ON t.id = tag_id WHERE r.id = %s"
        ((id_, event, *tag),) = self._rows(f"SELECT {of}_id, event_id, t.id, name FROM {joined}", row)
        self._cursor.execute(f"DELETE FROM {table} WHERE id = %s", (row,))
        self._tell_tag("detached from", of, (id_, event), tuple(tag))

    def _tell_tag(self, how: str, of: str, ids: tuple[int, int], tag: tuple[Any, ...]) -> None:
        held = {"attribute_id": str(ids[0])} if of == "attribute" else {}
        row = {"id": str(tag[0]), "name": tag[1], "event_id": str(ids[1]), **held}
        self._tell("tag", Tag=row, action=f"{how} {of}")

    def _rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        self._cursor.execute(sql, arguments)
        found: list[tuple[Any, ...]] = list(self._cursor.fetchall())
        return found

    def _some(self, table: str, count: int) -> list[int]:
        return self._rng.sample([row[0] for row in self._rows(f"SELECT id FROM {table} ORDER BY id")], count)

    def _row(self, table: str, id_: int) -> dict[str, Any] | None:
        for row in self._rows(f"SELECT * FROM {table} WHERE id = %s", id_):
            named = zip([column[0] for column in self._cursor.description], row, strict=True)
            return {name: _as_sent(name, value) for name, value in named}
        return None

    def _tell(self, topic: str, **body: Any) -> None:
        self.messages.append((f"misp_json_{topic}" if topic else "misp_json", body))

    def _event(self, id_: int) -> None:
        rng = self._rng
        changed = self._cursor.execute(
            "UPDATE events SET distribution = %s, published = %s, org_id = %s, sharing_group_id = %s, "
            "timestamp = %s WHERE id = %s",
            (rng.randrange(5), rng.randrange(2), rng.choice(OWNERS), rng.choice(GROUPS), self._second, id_),
        )
        if changed:
            self._tell("event", Event=self._row("events", id_), action="edit")

    def _object(self, id_: int) -> None:
        """Share an object in another way."""
        changed = self._cursor.execute(
            "UPDATE objects SET distribution = %s, sharing_group_id = %s, timestamp = %s WHERE id = %s",
            (self._rng.choice(LEVELS), self._rng.choice(GROUPS), self._second, id_),
        )
        if changed:
            self._tell("object", Object=self._row("objects", id_), action="edit")

    def _attribute(self, id_: int, turn: int) -> None:
        """Edit, share in another way, delete, bring back; which unpublishes the event."""
        change = (
            f"value1 = 'changed{id_}-{self._rng.random()}.example', value2 = '', type = 'domain'",
            f"distribution = {self._rng.choice(LEVELS)}, sharing_group_id = {self._rng.choice(GROUPS)}",
            "deleted = 1",
            "deleted = 0, to_ids = 1 - to_ids",
        )[turn % 4]
        sql = f"UPDATE attributes SET {change}, timestamp = %s WHERE id = %s"
        self._cursor.execute(sql, (self._second, id_))
        # Of that MISP sends nothing but what the attribute's message says of its event.
        unpublish = "UPDATE events e JOIN attributes a ON a.event_id = e.id SET published = 0 WHERE a.id = %s"
        self._cursor.execute(unpublish, (id_,))
        self._tell_attribute(id_, "soft-delete" if turn % 4 == 2 else "edit")

    def _told_attribute(self, id_: int) -> dict[str, Any]:
        row = self._row("attributes", id_) or {}
        return {**row, "value": "|".join(filter(None, (row["value1"], row["value2"])))}

    def _tell_attribute(self, id_: int, action: str) -> None:
        row = self._told_attribute(id_)
        event = self._row("events", int(row["event_id"])) or {}
        held = self._row("objects", int(row["object_id"]))
        about = {"Event": {name: event[name] for name in _OF_AN_EVENT}, **({"Object": held} if held else {})}
        self._tell("attribute", Attribute=row, **about, action=action)

    def _new_event(self) -> None:
        """An event with an object, and with attributes within it and without."""
        rng = self._rng
        insert(self._cursor, "events", [
            {"org_id": rng.choice(OWNERS), "orgc_id": rng.choice(ORGS), "date": "2026-02-03",
             "uuid": rand_uuid(rng), "published": rng.randrange(2), "timestamp": self._second, "info": "new",
             "distribution": rng.randrange(5), "sharing_group_id": rng.choice(GROUPS)}
        ])  # fmt: skip
        event = self._cursor.lastrowid
        self._tell("event", Event=self._row("events", event), action="add")
        insert(self._cursor, "objects", [
            {"event_id": event, "distribution": rng.choice(LEVELS), "uuid": rand_uuid(rng),
             "timestamp": self._second, "sharing_group_id": rng.choice(GROUPS)}
        ])  # fmt: skip
        held = self._cursor.lastrowid
        self._tell("object", Object=self._row("objects", held), action="add")
        for holder in [0] * 10 + [held] * 10 + [holder_of(event, MISSING)]:
            new = attribute(rng, event, object_id=holder, timestamp=self._second, deleted=0)
            insert(self._cursor, "attributes", [new])
            self._tell_attribute(self._cursor.lastrowid, "add")

    def _no_event(self, id_: int) -> None:
        """Deleting an event deletes the rows of all that it holds, and tells of nothing but the event."""
        self._tell("event", Event=self._row("events", id_), action="delete")
        for table, of in (("attributes", "event_id"), ("objects", "event_id"), ("events", "id")):
            self._cursor.execute(f"DELETE FROM {table} WHERE {of} = %s", (id_,))

    def _group(self) -> None:
        """A group gets other members, which nothing tells but the next publication of an event for it."""
        group = self._rng.choice(GROUPS[:6])
        self._cursor.execute("DELETE FROM sharing_group_orgs WHERE sharing_group_id = %s", (group,))
        self._cursor.execute("DELETE FROM sharing_group_servers WHERE sharing_group_id = %s", (group,))
        members = self._rng.sample(list(OWNERS), 3)
        orgs = [{"sharing_group_id": group, "org_id": org} for org in members]
        insert(self._cursor, "sharing_group_orgs", orgs)
        everyone = int(self._rng.random() < 0.3)
        servers = [{"sharing_group_id": group, "server_id": 0, "all_orgs": everyone}]
        insert(self._cursor, "sharing_group_servers", servers)
        (event,) = self._some("events", 1)
        self._publish(event, group, members, everyone)

    def _publish(self, id_: int, group: int, members: list[int], everyone: int) -> None:
        self._cursor.execute(
            "UPDATE events SET published = 1, distribution = 4, sharing_group_id = %s, timestamp = %s "
            "WHERE id = %s", (group, self._second, id_),
        )  # fmt: skip
        told = {
            "id": str(group), "SharingGroupOrg": [{"org_id": str(org)} for org in members],
            "SharingGroupServer": [{"server_id": "0", "all_orgs": bool(everyone)}],
        }  # fmt: skip
        row = self._row("events", id_) or {}
        # MISP writes the message before it marks the event as published.
        self._tell("", Event={**row, "published": False, "SharingGroup": told, "Attribute": [], "Object": []})


def _as_sent(name: str, value: object) -> object:
    if value is None:
        return None
    return bool(value) if name in _FLAGS else str(value)
