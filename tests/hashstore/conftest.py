"""What the tests of the hash store share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "kit"))

from misp_database import Server, create, mariadb


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[Server]:
    """A MariaDB of the run's own; its path is short, for it holds a socket."""
    with TemporaryDirectory(prefix="wf-sql-") as folder, mariadb(Path(folder)) as server:
        yield server


@pytest.fixture
def misp_tables(mysql_server: Server) -> Iterator[Any]:
    """A cursor on an empty database `misp` with MISP's tables."""
    create(mysql_server, "misp")
    with mysql_server.connect("misp") as connection, connection.cursor() as cursor:
        yield cursor
