"""MISP's database in MySQL or MariaDB: read only, one consistent snapshot, paged by primary key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql
import pymysql.cursors

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.settings import MysqlSettings

Columns = dict[str, frozenset[str]]
_TABLES = (
    "attributes", "events", "objects", "organisations", "users", "roles", "auth_keys", "sharing_groups",
    "sharing_group_orgs", "sharing_group_servers", "tags", "event_tags", "attribute_tags",
)  # fmt: skip
_NEEDED = {
    "attributes": {"id", "event_id", "type", "category", "value1", "value2", "distribution"},
    "events": {"id", "uuid", "org_id", "distribution"},
}
_LONGEST_PAGE = 2**30


class Database:
    """A connection with its snapshot; `columns` by table, for old schemas lack some."""

    def __init__(self, connection: Any, name: str) -> None:
        self._connection = connection
        self.name = name
        self.columns = self._discover()

    def _discover(self) -> Columns:
        found: dict[str, set[str]] = {table: set() for table in _TABLES}
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        for table, column in self.rows(sql):
            if table in found:
                found[table].add(column)
        for table, needed in _NEEDED.items():
            if missing := needed - found[table]:
                raise HashstoreError(
                    f"the database '{self.name}' is no MISP's: {table} lacks {', '.join(sorted(missing))}; "
                    "see plugins.hashstore.mysql.database"
                )
        return {table: frozenset(columns) for table, columns in found.items()}

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table is there, with these columns."""
        return bool(self.columns[table]) and self.columns[table].issuperset(columns)

    def column(self, table: str, name: str, default: str, alias: str) -> str:
        """A column as SQL, or the default where this MISP has none."""
        return f"{alias}.`{name}`" if name in self.columns[table] else default

    def rows(self, sql: str, *arguments: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one by one from the server."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql, arguments or None)
            yield from iter(cursor.fetchone, None)

    def one(self, sql: str, *arguments: object) -> tuple[Any, ...]:
        """The one row of a query."""
        return next(iter(list(self.rows(sql, *arguments))))


@contextmanager
def opened(settings: MysqlSettings) -> Iterator[Database]:
    """The database with a snapshot that lasts until the end. HashstoreError says what is wrong."""
    where = settings.unix_socket or f"{settings.host}:{settings.port}"
    try:
        connection = pymysql.connect(**_options(settings))
    except (pymysql.Error, OSError) as error:
        raise HashstoreError(
            f"cannot open the database '{settings.database}' at {where} as '{settings.user}': "
            f"{_reason(error)}; see plugins.hashstore.mysql"
        ) from error
    with closing(connection):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SET SESSION group_concat_max_len = %s", (_LONGEST_PAGE,))
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield Database(connection, settings.database)
        except (pymysql.Error, OSError) as error:
            raise HashstoreError(f"the database at {where} failed: {_reason(error)}; run it again") from error


def _options(settings: MysqlSettings) -> dict[str, Any]:
    names = (
        "host", "port", "unix_socket", "user", "password", "database", "connect_timeout", "read_timeout"
    )  # fmt: skip
    options = {name: getattr(settings, name) for name in names}
    if settings.ssl_ca or settings.ssl_cert:
        secured = ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
        options |= {name: getattr(settings, name) for name in secured}
    return options | {"charset": "utf8mb4", "cursorclass": pymysql.cursors.SSCursor}


def _reason(error: BaseException) -> str:
    return str(error.args[1] if len(error.args) > 1 else error).rstrip(".")
