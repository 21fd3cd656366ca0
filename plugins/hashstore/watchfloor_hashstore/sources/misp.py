"""What is read from MISP's database: events, pages of attributes, sharing groups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from watchfloor_hashstore.audience import level_of_event, level_of_part, written
from watchfloor_hashstore.layout import TLP, EventRecord, day_number
from watchfloor_hashstore.rows import FIELD, PART, WIDTH, Row, rows_of
from watchfloor_hashstore.sources.mysql import Database

PAGE = 2000  # primary keys of a page
_TRAFFIC = {**{f"tlp:{name}": name for name in TLP if name}, "tlp:white": "clear"}


class Page(NamedTuple):
    """Attributes, as one text of `size` rows where `exact`; else `rows` holds them."""

    text: str
    size: int
    last: int
    rows: list[Row]


def count_attributes(database: Database) -> tuple[int, int]:
    """How many attributes there are, and the highest id."""
    count, highest = database.one("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM attributes")
    return int(count), int(highest)


def events(database: Database, *, unpublishedprivate: bool, where: str = "1") -> Iterator[EventRecord]:
    """The events, as they are stored."""
    group, published, day = (
        database.column("events", name, default, "e")
        for name, default in (("sharing_group_id", "0"), ("published", "1"), ("date", "NULL"))
    )
    traffic = _traffic(database, "event_tags", "event_id")
    fields = f"e.id, e.uuid, e.org_id, e.distribution, {group}, {published}, {day}"
    sql = f"SELECT {fields} FROM events e WHERE {where}"  # noqa: S608 (nothing of it comes from outside)
    for id_, uuid, owner, distribution, group_id, is_published, when in database.rows(sql):
        hidden = unpublishedprivate and not is_published
        level = level_of_event(str(distribution), str(group_id or 0), hidden=hidden)
        number = day_number(when) if isinstance(when, date) else 0
        yield EventRecord(uuid or "", id_, owner, level, number, traffic.get(str(id_), ""))


def traffic_of_attributes(database: Database) -> dict[str, str]:
    """The TLP of the attributes that have one, by id."""
    return _traffic(database, "attribute_tags", "attribute_id")


def _traffic(database: Database, table: str, of: str) -> dict[str, str]:
    if not (database.has(table, of, "tag_id") and database.has("tags", "id", "name")):
        return {}
    tags = {id_: _TRAFFIC.get(name.lower(), "") for id_, name in database.rows("SELECT id, name FROM tags")}
    tags = {id_: tlp for id_, tlp in tags.items() if tlp}
    if not tags:
        return {}
    wanted = ",".join(map(str, tags))
    found: dict[str, str] = {}
    for id_, tag in database.rows(f"SELECT {of}, tag_id FROM {table} WHERE tag_id IN ({wanted})"):  # noqa: S608
        found[str(id_)] = max(found.get(str(id_), ""), tags[tag], key=TLP.index)
    return found


class Attributes:
    """Reads attributes in the order of their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._row = ", ".join(self._fields())
        self._from = self._tables()

    def _fields(self) -> list[str]:
        group, to_ids, stamp, holder = (
            self._database.column("attributes", name, "0", "a")
            for name in ("sharing_group_id", "to_ids", "timestamp", "object_id")
        )
        orphan = "IF(a.object_id <> 0 AND o.id IS NULL, 1, 0)" if self._joins() else "0"
        spec = f"CONCAT_WS('{PART}', a.type, a.category, {to_ids}, a.distribution, {group}, {orphan})"
        return ["a.id", "a.event_id", holder, stamp, spec, "a.value1", "a.value2"]

    def _joins(self) -> bool:
        return self._database.has("attributes", "object_id") and self._database.has("objects", "distribution")

    def _tables(self) -> str:
        objects = "LEFT JOIN objects o ON o.id = a.object_id AND a.object_id <> 0" if self._joins() else ""
        deleted = " AND a.deleted = 0" if self._database.has("attributes", "deleted") else ""
        return f"FROM attributes a {objects} WHERE %s{deleted}"

    def pages(self) -> Iterator[Page]:
        """Every attribute that is not deleted."""
        after = 0
        while (first := self._next(after)) is not None:
            after = first - 1 + PAGE
            yield self._page(first, after)

    def _next(self, after: int) -> int | None:
        (first,) = self._database.one("SELECT MIN(id) FROM attributes WHERE id > %s", after)
        return None if first is None else int(first)

    def _page(self, first: int, last: int) -> Page:
        # A page comes as one value: decoding every row's columns here costs three times as much as the rest.
        within = self._from % f"a.id BETWEEN {first} AND {last}"
        joined = f"GROUP_CONCAT(CONCAT_WS('{FIELD}', {self._row}) SEPARATOR '{FIELD}')"
        count, text = self._database.one(f"SELECT COUNT(*), {joined} {within}")
        if text is None or text.count(FIELD) == WIDTH * count - 1:
            return Page(text or "", count, last, [])
        return Page("", count, last, self._by_row(within))

    def _by_row(self, within: str) -> list[Row]:
        """A page of which a value holds the separator, or which was too long for the server."""
        return [_text(row) for row in self._database.rows(f"SELECT {self._row} {within} ORDER BY a.id")]

    def chosen(self, where: str, *arguments: object) -> Iterator[Row]:
        """Attributes that are not deleted and meet a condition."""
        sql = f"SELECT {self._row} {self._from.replace('%s', where, 1)}"
        yield from map(_text, self._database.rows(sql, *arguments))


def _text(row: tuple[object, ...]) -> Row:
    a, b, c, d, e, f, g = ("" if part is None else str(part) for part in row)
    return a, b, c, d, e, f, g


def rows_in(page: Page) -> list[Row]:
    """The rows of a page."""
    return page.rows or rows_of(page.text, page.size) or []


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


def objects(database: Database, where: str = "distribution NOT IN (1, 2, 3, 5)") -> dict[int, str]:
    """How far objects are shared, of those that are not open to all who see their event."""
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
    found: dict[str, str] = {}
    for id_, name, unique in database.rows(f"SELECT o.id, o.name, {uuid} FROM organisations o"):  # noqa: S608
        found |= {text: str(id_) for text in (name, unique) if text}
    return found
