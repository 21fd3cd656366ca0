"""A MariaDB of the test's own, with the columns of MISP's tables."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from watchfloor.testing import until

TEXT = "text COLLATE utf8mb3_unicode_ci NOT NULL"
BIN = "varchar(255) COLLATE utf8mb3_bin"
FLAG = "tinyint(1) NOT NULL DEFAULT 0"
TABLES = {
    "attributes": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, event_id int NOT NULL, object_id int NOT NULL DEFAULT 0,
        object_relation {BIN} DEFAULT NULL, category {BIN} NOT NULL,
        type varchar(100) COLLATE utf8mb3_unicode_ci NOT NULL, value1 {TEXT}, value2 {TEXT},
        to_ids tinyint(1) NOT NULL DEFAULT 1, uuid varchar(40) COLLATE utf8mb3_bin NOT NULL,
        timestamp int NOT NULL DEFAULT 0, distribution tinyint NOT NULL DEFAULT 0,
        sharing_group_id int NOT NULL, comment text, deleted {FLAG},
        disable_correlation {FLAG}, first_seen bigint DEFAULT NULL,
        last_seen bigint DEFAULT NULL, UNIQUE KEY uuid (uuid), KEY event_id (event_id),
        KEY object_id (object_id), KEY value1 (value1(255)), KEY value2 (value2(255)), KEY type (type),
        KEY category (category), KEY timestamp (timestamp)""",
    "events": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, org_id int NOT NULL, date date NOT NULL,
        info text COLLATE utf8mb3_bin NOT NULL, user_id int NOT NULL,
        uuid varchar(40) COLLATE utf8mb3_bin NOT NULL, published {FLAG},
        analysis tinyint NOT NULL, attribute_count int unsigned DEFAULT 0, orgc_id int NOT NULL,
        timestamp int NOT NULL DEFAULT 0, distribution tinyint NOT NULL DEFAULT 0,
        sharing_group_id int NOT NULL, proposal_email_lock {FLAG},
        locked {FLAG}, threat_level_id int NOT NULL,
        publish_timestamp int NOT NULL DEFAULT 0, sighting_timestamp int NOT NULL DEFAULT 0,
        disable_correlation {FLAG}, extends_uuid varchar(40) DEFAULT '',
        protected tinyint(1) DEFAULT NULL, UNIQUE KEY uuid (uuid), KEY org_id (org_id)""",
    "objects": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name {BIN}, `meta-category` {BIN} DEFAULT NULL,
        description text, template_uuid varchar(40) DEFAULT NULL, template_version int NOT NULL,
        event_id int NOT NULL, uuid varchar(40) DEFAULT NULL, timestamp int NOT NULL DEFAULT 0,
        distribution tinyint NOT NULL DEFAULT 0, sharing_group_id int DEFAULT NULL, comment text NOT NULL,
        deleted {FLAG}, first_seen bigint DEFAULT NULL, last_seen bigint DEFAULT NULL,
        KEY event_id (event_id), KEY timestamp (timestamp)""",
    "organisations": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name {BIN} NOT NULL DEFAULT '',
        date_created datetime NOT NULL, date_modified datetime NOT NULL, type {BIN} NOT NULL DEFAULT '',
        nationality {BIN} NOT NULL DEFAULT '',
        sector {BIN} NOT NULL DEFAULT '', created_by int NOT NULL DEFAULT 0, uuid varchar(40) DEFAULT NULL,
        local {FLAG}""",
    "users": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, password {BIN} NOT NULL, org_id int NOT NULL,
        server_id int NOT NULL DEFAULT 0, email {BIN} NOT NULL,
        authkey varchar(40) COLLATE utf8mb3_bin DEFAULT NULL,
        role_id int NOT NULL DEFAULT 0, disabled {FLAG}, expiration datetime DEFAULT NULL""",
    "roles": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name {BIN} NOT NULL, perm_sync tinyint(1) DEFAULT NULL,
        perm_auth {FLAG}, perm_site_admin {FLAG}""",
    "auth_keys": f"""
        id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid varchar(40) NOT NULL,
        authkey varchar(72) CHARACTER SET ascii NOT NULL,
        authkey_start varchar(4) CHARACTER SET ascii NOT NULL,
        authkey_end varchar(4) CHARACTER SET ascii NOT NULL, created int unsigned NOT NULL,
        expiration int unsigned NOT NULL, read_only {FLAG}, user_id int unsigned NOT NULL,
        comment text, allowed_ips text DEFAULT NULL, unique_ips text DEFAULT NULL""",
    "sharing_groups": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name {BIN} NOT NULL, releasability text NOT NULL,
        description text NOT NULL, uuid varchar(40) NOT NULL, organisation_uuid varchar(40) NOT NULL,
        org_id int NOT NULL, sync_user_id int NOT NULL DEFAULT 0, active tinyint(1) NOT NULL,
        created datetime NOT NULL, modified datetime NOT NULL, local tinyint(1) NOT NULL,
        roaming {FLAG}""",
    "sharing_group_orgs": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, sharing_group_id int NOT NULL, org_id int NOT NULL,
        extend {FLAG}""",
    "sharing_group_servers": """
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, sharing_group_id int NOT NULL, server_id int NOT NULL,
        all_orgs tinyint(1) NOT NULL""",
    "tags": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name {BIN} NOT NULL, colour varchar(7) NOT NULL,
        exportable tinyint(1) NOT NULL, org_id int NOT NULL DEFAULT 0, user_id int NOT NULL DEFAULT 0""",
    "event_tags": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, event_id int NOT NULL, tag_id int NOT NULL,
        local {FLAG}, KEY event_id (event_id), KEY tag_id (tag_id)""",
    "attribute_tags": f"""
        id int NOT NULL AUTO_INCREMENT PRIMARY KEY, attribute_id int NOT NULL, event_id int NOT NULL,
        tag_id int NOT NULL, local {FLAG}, KEY attribute_id (attribute_id),
        KEY tag_id (tag_id)""",
}


@dataclass
class Server:
    """A running MariaDB."""

    socket: str
    process: subprocess.Popen[bytes]

    def connect(self, database: str | None = None) -> Any:
        """A connection as root, each statement its own transaction."""
        return pymysql.connect(
            unix_socket=self.socket, user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def settings(self, database: str) -> dict[str, Any]:
        """The section `mysql` of the plugin's settings."""
        return {"unix_socket": self.socket, "user": "misp", "password": "s3cret", "database": database}


@contextmanager
def mariadb(folder: Path, *options: str) -> Iterator[Server]:
    """A MariaDB with its data in the folder, on a socket, with a user `misp` that may only read."""
    data, socket = folder / "data", folder / "sql.sock"
    who = ["--user=root"]
    installed = subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *who,
         "--auth-root-authentication-method=normal"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stdout
    command = [
        "mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", *who, "--skip-networking",
        "--innodb-buffer-pool-size=512M", "--innodb-flush-log-at-trx-commit=0",
        "--character-set-server=utf8mb3",
        "--skip-log-bin", f"--tmpdir={folder}", *options,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            server = Server(str(socket), process)
            until(lambda: b"ready for connections" in (folder / "log").read_bytes(), "MariaDB", 60)
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("CREATE USER misp@localhost IDENTIFIED BY 's3cret'")
                cursor.execute("GRANT SELECT ON *.* TO misp@localhost")
            yield server
        finally:
            process.kill()


def create(server: Server, name: str) -> None:
    """A database with MISP's tables, empty; one of the name before goes."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
        cursor.execute(f"USE {name}")
        for table, columns in TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns}) ENGINE=InnoDB")


def insert(cursor: Any, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows of the same columns; those that must not be null and are not named get what is empty."""
    rows = list(rows)
    if not rows:
        return
    names = list(rows[0])
    marks = ",".join(["%s"] * len(names))
    columns = ",".join(f"`{name}`" for name in names)
    cursor.execute("SET SESSION sql_mode = ''")
    cursor.executemany(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",
        [tuple(row[name] for name in names) for row in rows],
    )
