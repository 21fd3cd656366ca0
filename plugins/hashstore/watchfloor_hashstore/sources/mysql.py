"""MISP's database in MySQL or MariaDB: read only, one consistent snapshot, paged by primary key."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import CR, ER

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.settings import MysqlSettings
from watchfloor_hashstore.sources.tls import context

Columns = dict[str, frozenset[str]]
_TABLES = (
    "attributes", "events", "objects", "organisations", "users", "roles", "auth_keys", "sharing_groups",
    "sharing_group_orgs", "sharing_group_servers", "tags", "event_tags", "attribute_tags",
)  # fmt: skip
_NEEDED = {
    "attributes": {"id", "event_id", "type", "category", "value1", "value2", "distribution"},
    "events": {"id", "uuid", "org_id", "distribution"},
}
# An old MISP has not all of them, and then nothing to restrict; for a user who may not read them they are not
# there either.
_DECIDING = (
    "objects", "sharing_group_orgs", "sharing_group_servers", "tags", "event_tags", "attribute_tags"
)  # fmt: skip
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
                self._see(table)
                raise HashstoreError(
                    f"the database '{self.name}' is no MISP's: {table} lacks {', '.join(sorted(missing))}; "
                    "correct plugins.hashstore.mysql.database"
                )
        for table in _DECIDING:
            if not found[table]:
                self._see(table)
        return {table: frozenset(columns) for table, columns in found.items()}

    def _see(self, table: str) -> None:
        """HashstoreError when the table may be there, and only not for this user."""
        try:
            self.one(f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT 0) t")  # noqa: S608
        except pymysql.Error as error:
            if error.args[0] == ER.TABLEACCESS_DENIED_ERROR:
                raise HashstoreError(
                    f"the user of plugins.hashstore.mysql may not read {table}, which says who sees what: "
                    f"grant it SELECT on {self.name}.*"
                ) from error
            if error.args[0] != ER.NO_SUCH_TABLE:
                raise

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
    except (pymysql.Error, RuntimeError) as error:
        raise HashstoreError(_refusal(error, settings, where)) from error
    with closing(connection):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SET SESSION group_concat_max_len = %s", (_LONGEST_PAGE,))
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield Database(connection, settings.database)
        except pymysql.Error as error:
            raise HashstoreError(f"the database at {where} failed: {_reason(error)}; run it again") from error


def _options(settings: MysqlSettings) -> dict[str, Any]:
    names = (
        "host", "port", "unix_socket", "user", "password", "database", "connect_timeout", "read_timeout"
    )  # fmt: skip
    options = {name: getattr(settings, name) for name in names}
    encrypted = context(settings)
    if encrypted:
        options["ssl"] = encrypted
    elif settings.unix_socket:
        options["ssl_disabled"] = True  # it does not leave the machine
    return options | {"charset": "utf8mb4", "cursorclass": pymysql.cursors.SSCursor}


def _refusal(error: BaseException, settings: MysqlSettings, where: str) -> str:
    """Why there is no connection, and what to do about it."""
    reason, cause = _reason(error), getattr(error, "original_exception", None)
    if isinstance(cause, ssl.SSLError) or error.args[0] == CR.CR_SSL_CONNECTION_ERROR:
        names = "host, ssl_ca and ssl_cert of plugins.hashstore.mysql"
        return f"TLS with the database at {where} fails ({reason}): see {names}"
    if isinstance(cause, OSError):
        names = "unix_socket" if settings.unix_socket else "host and port"
        return (
            f"the database at {where} cannot be reached ({reason}): start it, or correct {names} of "
            "plugins.hashstore.mysql"
        )
    names = {ER.ACCESS_DENIED_ERROR: "user and password", ER.BAD_DB_ERROR: "database"}.get(
        error.args[0], "the settings"
    )
    return (
        f"cannot open the database '{settings.database}' at {where} as '{settings.user}' ({reason}): "
        f"correct {names} of plugins.hashstore.mysql"
    )


def _reason(error: BaseException) -> str:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message.rstrip(".")
    if isinstance(cause, OSError):
        return str(getattr(cause, "reason", None) or cause.strerror or cause)
    return str(error.args[1] if len(error.args) > 1 else error).rstrip(".")
