"""What is read from MISP's database: events, pages of attributes, sharing groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from watchfloor_hashstore.audience import NOBODY, level_of_event, level_of_part, written
from watchfloor_hashstore.layout import EventRecord, day_number
from watchfloor_hashstore.rows import FIELD, PART, WIDTH, Page, Row
from watchfloor_hashstore.sources.mysql import Database
from watchfloor_hashstore.traffic import light_of, strictest

PAGE = 2000  # primary keys of a page


class Part(NamedTuple):
    """`size` attributes, up to the id `last`."""

    rows: Page
    size: int
    last: int


def count_attributes(database: Database) -> tuple[int, int]:
    """How many attributes there are, and the highest id."""
    count, highest = database.one("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM attributes")
    return int(count), int(highest)


def clock(database: Database) -> int:
    """The time where the database is, in Unix seconds."""
    return int(database.one("SELECT UNIX_TIMESTAMP()")[0])


def events(database: Database, *, unpublishedprivate: bool) -> Iterator[tuple[EventRecord, int]]:
    """The events as they are stored, and the time stamps of their last edits."""
    group, published, day, stamp = (
        database.column("events", name, default, "e")
        for name, default in (
            ("sharing_group_id", "0"), ("published", "1"), ("date", "NULL"), ("timestamp", "0")
        )
    )  # fmt: skip
    traffic = _traffic(database, "event_tags", "event_id")
    fields = f"e.id, e.uuid, e.org_id, e.distribution, {group}, {published}, {day}, {stamp}"
    sql = f"SELECT {fields} FROM events e"  # noqa: S608 (nothing of it comes from outside)
    for id_, uuid, owner, distribution, group_id, is_published, when, edited in database.rows(sql):
        hidden = unpublishedprivate and not is_published
        level = level_of_event(str(distribution), str(group_id or 0), hidden=hidden)
        number = day_number(when) if isinstance(when, date) else 0
        yield EventRecord(uuid or "", id_, owner, level, number, traffic.get(str(id_), "")), edited


def traffic_of_attributes(database: Database) -> dict[str, str]:
    """The TLP of the attributes that have one, by id."""
    return _traffic(database, "attribute_tags", "attribute_id")


def _traffic(database: Database, table: str, of: str) -> dict[str, str]:
    if not (database.has(table, of, "tag_id") and database.has("tags", "id", "name")):
        return {}
    tags = {id_: light_of(name) for id_, name in database.rows("SELECT id, name FROM tags")}
    tags = {id_: tlp for id_, tlp in tags.items() if tlp}
    if not tags:
        return {}
    wanted = ",".join(map(str, tags))
    found: dict[str, str] = {}
    for id_, tag in database.rows(f"SELECT {of}, tag_id FROM {table} WHERE tag_id IN ({wanted})"):  # noqa: S608
        found[str(id_)] = strictest((found.get(str(id_), ""), tags[tag]))
    return found


class Attributes:
    """Reads attributes: those that are not deleted in the order of their ids, or those that were changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._row = ", ".join(self._fields())
        self._deleted = database.column("attributes", "deleted", "0", "a")

    def _fields(self) -> list[str]:
        group, to_ids, stamp, holder = (
            self._database.column("attributes", name, "0", "a")
            for name in ("sharing_group_id", "to_ids", "timestamp", "object_id")
        )
        spec = f"CONCAT_WS('{PART}', a.type, a.category, {to_ids}, a.distribution, {group})"
        return ["a.id", "a.event_id", holder, stamp, spec, "a.value1", "a.value2"]

    def parts(self) -> Iterator[Part]:
        """All of them, some at a time."""
        after = 0
        while (first := self._next(after)) is not None:
            part = self._part(first, first - 1 + PAGE)
            while part.size:
                yield part
                part = self._part(part.last + 1, part.last + PAGE)
            after = part.last

    def _next(self, after: int) -> int | None:
        (first,) = self._database.one("SELECT MIN(id) FROM attributes WHERE id > %s", after)
        return None if first is None else int(first)

    def _part(self, first: int, last: int) -> Part:
        # They come as one value: decoding every row's columns here costs three times as much as the rest.
        within = f"FROM attributes a WHERE a.id BETWEEN {first} AND {last} AND {self._deleted} = 0"
        joined = f"GROUP_CONCAT(CONCAT_WS('{FIELD}', {self._row}) SEPARATOR '{FIELD}')"
        count, rows = self._database.one(f"SELECT COUNT(*), CAST({joined} AS BINARY) {within}")
        if not count or (rows is not None and rows.count(FIELD.encode()) == WIDTH * count - 1):
            return Part(rows or b"", count, last)
        return Part(self._by_row(within), count, last)

    def _by_row(self, within: str) -> list[Row]:
        """Those of which a value holds the separator, or which were too long for the server."""
        return [_text(row) for row in self._database.rows(f"SELECT {self._row} {within} ORDER BY a.id")]

    def chosen(self, where: str) -> Iterator[tuple[Row, bool]]:
        """Those that meet a condition, and whether they are deleted."""
        sql = f"SELECT {self._deleted}, {self._row} FROM attributes a WHERE {where}"  # noqa: S608
        for deleted, *row in self._database.rows(sql):
            yield _text(row), bool(deleted)


def _text(row: Iterable[object]) -> Row:
    a, b, c, d, e, f, g = ("" if part is None else str(part) for part in row)
    return a, b, c, d, e, f, g


def groups(database: Database) -> dict[str, str]:
    """The members of every sharing group, as `audience.written` writes them."""
    members: dict[str, set[int]] = {}
    if database.has("sharing_group_orgs", "sharing_group_id", "org_id"):
        for group, organisation in database.rows("SELECT sharing_group_id, org_id FROM sharing_group_orgs"):
            members.setdefault(str(group), set()).add(int(organisation))
    found = {group: written(organisations) for group, organisations in members.items()}
    if database.has("sharing_group_servers", "server_id", "all_orgs"):
        sql = "SELECT sharing_group_id FROM sharing_group_servers WHERE server_id = 0 AND all_orgs = 1"
        found |= {str(group): written(None) for (group,) in database.rows(sql)}
    return found


def objects(database: Database) -> dict[int, str]:
    """How far objects are shared, of those that are not open to all who see their event, by id.

    One that attributes name and that is not there lets nobody see them.
    """
    return levels_of_objects(database, "distribution NOT IN (1, 2, 3, 5)") | _missing(database)


def _missing(database: Database) -> dict[int, str]:
    if not (database.has("attributes", "object_id") and database.has("objects", "distribution")):
        return {}
    named = "SELECT DISTINCT object_id AS id FROM attributes WHERE object_id <> 0"
    sql = f"SELECT n.id FROM ({named}) n LEFT JOIN objects o ON o.id = n.id WHERE o.id IS NULL"  # noqa: S608
    return {int(id_): NOBODY for (id_,) in database.rows(sql)}


def levels_of_objects(database: Database, where: str) -> dict[int, str]:
    """How far the objects are shared that meet a condition, by id."""
    if not database.has("objects", "id", "distribution"):
        return {}
    group = "IFNULL(sharing_group_id, 0)" if database.has("objects", "sharing_group_id") else "0"
    sql = f"SELECT id, distribution, {group} FROM objects WHERE {where}"  # noqa: S608
    return {id_: level_of_part(str(level), str(of)) for id_, level, of in database.rows(sql)}


def organisations(database: Database) -> dict[str, str]:
    """The local ids of organisations by name, and by UUID."""
    if not database.has("organisations", "id", "name"):
        return {}
    uuid = database.column("organisations", "uuid", "NULL", "o")
    rows = list(database.rows(f"SELECT o.id, o.name, {uuid} FROM organisations o"))  # noqa: S608
    names = {name: str(id_) for id_, name, _ in rows if name}
    # A name may be anything, another's UUID as well, and comes from elsewhere.
    return names | {unique: str(id_) for id_, _, unique in rows if unique}
