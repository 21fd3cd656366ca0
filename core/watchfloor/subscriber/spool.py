"""Messages on local disk while Redis cannot take them: a queue in one SQLite file a feed.

The file is locked by whoever has it open. Its `home` is a name of its own, by which the stream tells
what was stored from here.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING

from watchfloor import misp
from watchfloor.errors import WatchfloorError
from watchfloor.store.streams import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from watchfloor.store.streams import Id

log = logging.getLogger(__name__)

_PAGE = 4096
_LAZY = 5000  # rows that may stay in the file for longer than in the queue
_LARGE = 4096  # pages: an empty file that takes more is made small again
_SCHEMA = (
    f"pragma page_size = {_PAGE}",
    "pragma locking_mode = exclusive",
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "begin exclusive",
    "create table if not exists home (name text not null)",
    """create table if not exists spool (place integer primary key,
        ms integer not null, seq integer not null, at real, frame blob not null)""",
    "commit",
)
_BETWEEN = "from spool where place >= ? and coalesce(at * 1000, ms) between ? and ?"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REMEDIES = {
    sqlite3.SQLITE_FULL: "it is full: free disk space, or raise subscriber.spool_limit",
    sqlite3.SQLITE_BUSY: "another process has it open: give each subscriber a `data` folder of its own",
}


class SpoolError(WatchfloorError):
    """The spool cannot do it now; nothing was done."""


class DamagedError(SpoolError):
    """The file was no spool any more, and has been moved aside."""


class Spool:
    """The queue in the file `path`, of about `limit` bytes at most. For one thread, opened at need.

    `home` is "" while it is closed.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.home = ""
        self._pages = max(16, limit // _PAGE)
        self._database: sqlite3.Connection | None = None
        self._first = self._next = 1  # the places of the first message, and of the next to come
        self._kept_from = 1  # the place of the first row in the file
        self._opened_with = 1

    @property
    def is_open(self) -> bool:
        """Whether this process has the file."""
        return self._database is not None

    @property
    def rows(self) -> int:
        """How many messages wait here."""
        return self._next - self._first

    def open(self) -> None:
        """Open the file, or make it; a damaged one is moved aside."""
        if self._database is None:
            try:
                self._open()
            except DamagedError as error:
                log.error("%s", error)  # noqa: TRY400 (what is broken is the file, not the program)
                self._open()

    def close(self) -> None:
        """Give the file up for another process; what waits in it stays."""
        if self._database is not None:
            with suppress(SpoolError):
                self._shrink(self._database)
        if self._database is not None:
            self._database.close()
        self._database = None
        self._first = self._next = 1
        self.home = ""

    def add(self, entries: Sequence[Entry]) -> None:
        """Put entries at the end; they are on disk when this returns."""
        try:
            self._add(entries)
        except SpoolError:
            if self._database is None or self._kept_from == self._first:
                raise
            self._shrink(self._database)
            self._add(entries)

    def read(self, count: int, size: int) -> list[Entry]:
        """The first entries: at most `count`, and of `size` bytes at most where there is more than one."""
        if not self.rows:
            return []
        found: list[Entry] = []
        with self._use() as database:
            query = "select ms, seq, at, frame from spool where place >= ? order by place limit ?"
            for ms, seq, at, frame in database.execute(query, (self._first, count)):
                size -= len(frame)
                if size < 0 and found:
                    break
                found.append(Entry((ms, seq), misp.split(frame)[0], frame, at))
        return found

    def remove(self, count: int) -> None:
        """Take the first entries out; the file follows when it can."""
        self._first += count
        if self._database is not None and (not self.rows or self._first - self._kept_from > _LAZY):
            # A full disk refuses even this. Rows that are still there after a crash have ids that the
            # stream knows: `drop_stored` removes them.
            with suppress(SpoolError):
                self._shrink(self._database)

    def drop_stored(self, last: Id, *, earlier: bool) -> None:
        """Take out all up to this id; `earlier`: of that which was here when the file was opened."""
        if not self.rows:
            return
        end = self._opened_with if earlier else self._next
        with self._use() as database:
            query = "select count(*) from spool where place >= ? and place < ? and (ms, seq) <= (?, ?)"
            count = database.execute(query, (self._first, end, *last)).fetchone()[0]
        self.remove(count)

    def drop_between(self, start: int, end: int) -> int:
        """Take out what was received between these times (Unix milliseconds); how many."""
        if not self.rows:
            return 0
        with self._change() as database:
            first = database.execute(f"select min(place) {_BETWEEN}", (self._first, start, end)).fetchone()[0]
            count = database.execute(f"delete {_BETWEEN}", (self._first, start, end)).rowcount
            database.execute("update spool set place = place - ? where place > ?", (count, first))
        self._next -= count
        return count

    def renumber(self, last: Id) -> None:
        """Give what waits new ids after this one, and let it keep its time of receipt."""
        with self._change() as database:
            database.execute(
                "update spool set at = coalesce(at, ms / 1000.0), ms = ?, seq = ? + place where place >= ?",
                (last[0], last[1] + 1 - self._first, self._first),
            )

    def ends(self) -> tuple[Id, Id]:
        """The first and the last id; only when something waits."""
        with self._use() as database:
            query = "select ms, seq from spool where place in (?, ?) order by place"
            ids = database.execute(query, (self._first, self._next - 1)).fetchall()
        return ids[0], ids[-1]

    def _open(self) -> None:
        with self._explained(), ExitStack() as undo:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.exists():  # to open and close one that is open would unlock it
                self.path.touch(0o600)
            database = undo.enter_context(
                closing(sqlite3.connect(self.path, timeout=0, isolation_level=None))
            )
            for statement in (*_SCHEMA, f"pragma max_page_count = {self._pages}"):
                database.execute(statement)
            self._know(database)
            undo.pop_all()
            self._database = database

    def _know(self, database: sqlite3.Connection) -> None:
        """Learn the file's name and where its queue begins and ends."""
        found = database.execute("select name from home").fetchone()
        if found is None:
            found = (secrets.token_hex(8),)
            database.execute("insert into home values (?)", found)
        first, last = database.execute("select min(place), max(place) from spool").fetchone()
        self.home = found[0]
        self._first = self._kept_from = first or 1
        self._next = self._opened_with = (last or 0) + 1

    def _add(self, entries: Sequence[Entry]) -> None:
        with self._change() as database:
            rows = [(self._next + i, *entry.id, entry.at, entry.frame) for i, entry in enumerate(entries)]
            database.executemany("insert into spool (place, ms, seq, at, frame) values (?, ?, ?, ?, ?)", rows)
        self._next += len(rows)

    def _shrink(self, database: sqlite3.Connection) -> None:
        """Let the file follow what was taken out of the queue."""
        with self._explained():
            database.execute("delete from spool where place < ?", (self._first,))
            self._kept_from = self._first
            if not self.rows and database.execute("pragma page_count").fetchone()[0] > _LARGE:
                database.execute("vacuum")
                database.execute("pragma wal_checkpoint(truncate)")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction, all or nothing."""
        with self._use() as database:
            database.execute("begin immediate")
            try:
                yield database
                database.execute("commit")
            except sqlite3.Error:
                if database.in_transaction:
                    database.execute("rollback")
                raise

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        self.open()
        with self._explained():
            assert self._database is not None  # noqa: S101 (open raises, or opens)
            yield self._database

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of SQLite and of the file system as sentences."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _DAMAGED:
                raise DamagedError(self._move_aside(error)) from error
            raise SpoolError(f"the spool {self.path}: {_REMEDIES.get(code, error)}") from error
        except OSError as error:
            reason = error.strerror or error
            raise SpoolError(
                f"the spool {self.path} cannot be opened ({reason}): make `data` writable"
            ) from error

    def _move_aside(self, error: sqlite3.Error) -> str:
        if self._database is not None:
            self._database.close()
            self._database = None
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns() // 1_000_000}")
        for ending in ("", "-wal"):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + ending).rename(f"{aside}{ending}")
        self._first = self._next = 1
        return (
            f"the spool {self.path} is damaged ({error}), what waited in it cannot be read: moved to {aside}"
        )
