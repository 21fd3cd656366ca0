"""A MariaDB of the test's own, with the columns of MISP's tables, and random content for it."""

from __future__ import annotations

import random
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Sequence
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
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *who,
         "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
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


ORGS = range(1, 7)
GROUPS = range(1, 9)
TYPES = (
    "ip-dst",
    "domain",
    "md5",
    "filename|sha256",
    "ip-dst|port",
    "regkey|value",
    "url",
    "text",
    "port",
    "malware-sample",
)


def rand_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def value(rng: random.Random, type_: str) -> tuple[str, str]:
    """The halves of a random value; few values, so that attributes share them."""
    n = rng.randrange(400)
    simple = {"ip-dst": f"198.51.{n // 200}.{n % 200}", "domain": f"Host{n}.Example", "md5": f"{n:032x}",
              "url": f"http://host{n}.example/Path", "text": f"text {n}", "port": str(n)}  # fmt: skip
    if type_ in simple:
        return simple[type_], ""
    if type_ == "ip-dst|port":
        return simple["ip-dst"], "443"
    return f"File{n % 50}.exe", f"{n:064x}"


def attribute(rng: random.Random, events: int, objects: Sequence[int]) -> dict[str, Any]:
    """A random attribute of one of so many events."""
    type_ = rng.choice(TYPES)
    first, second = value(rng, type_)
    held = rng.random() < 0.4
    return {
        "event_id": rng.randint(1, events), "object_id": rng.choice(objects) if held else 0,
        "category": rng.choice(["Network activity", "Payload delivery"]), "type": type_, "value1": first,
        "value2": second, "to_ids": rng.randint(0, 1), "uuid": rand_uuid(rng),
        "timestamp": 1_700_000_000 + rng.randrange(10**7), "distribution": rng.choice([0, 1, 2, 3, 4, 5,
        5, 5]),
        "sharing_group_id": rng.choice(GROUPS), "deleted": int(rng.random() < 0.1),
    }  # fmt: skip


def fill(server: Server, name: str, seed: int = 1, attributes: int = 3000, events: int = 120) -> None:
    """Random content: every combination of distributions, objects, groups, deleted, unpublished, owners."""
    rng = random.Random(seed)
    with server.connect(name) as connection, connection.cursor() as cursor:
        insert(
            cursor,
            "organisations",
            [{"id": org, "name": f"Org {org}", "uuid": rand_uuid(rng)} for org in ORGS],
        )
        insert(cursor, "sharing_groups", [
            {"id": g, "name": f"Group {g}", "uuid": rand_uuid(rng), "org_id": rng.choice(ORGS),
            "active": g % 2}
            for g in GROUPS
        ])  # fmt: skip
        # The owner of a group is a member only by chance; the last two have no members at all.
        insert(cursor, "sharing_group_orgs", [
            {"sharing_group_id": g, "org_id": org} for g in GROUPS[:-2] for org in rng.sample(list(ORGS), 2)
        ])  # fmt: skip
        insert(cursor, "sharing_group_servers", [
            {"sharing_group_id": 3, "server_id": 0, "all_orgs": 1},
            {"sharing_group_id": 4, "server_id": 2, "all_orgs": 1},
            {"sharing_group_id": 5, "server_id": 0, "all_orgs": 0},
            {"sharing_group_id": 8, "server_id": 0, "all_orgs": 1},
        ])  # fmt: skip
        insert(cursor, "events", [
            {"id": n, "org_id": rng.choice(ORGS), "orgc_id": rng.choice(ORGS), "date": "2026-01-02",
             "uuid": rand_uuid(rng), "published": rng.randint(0, 1), "timestamp": 1_700_000_000,
             "distribution": rng.randrange(5), "sharing_group_id": rng.choice(GROUPS), "info": f"Event {n}"}
            for n in range(1, events + 1)
        ])  # fmt: skip
        objects = range(1, events + 1)
        insert(cursor, "objects", [
            {"id": n, "event_id": n, "distribution": rng.choice([0, 1, 2, 3, 4, 5]), "uuid": rand_uuid(rng),
             "sharing_group_id": rng.choice([None, *GROUPS])}
            for n in objects
        ])  # fmt: skip
        held = [*objects, events + 7]  # the last one's row is missing
        insert(cursor, "attributes", [attribute(rng, events, held) for _ in range(attributes)])
        insert(
            cursor,
            "tags",
            [{"id": 1, "name": "tlp:red"}, {"id": 2, "name": "TLP:GREEN"}, {"id": 3, "name": "x"}],
        )
        insert(cursor, "event_tags", [{"event_id": n, "tag_id": 1 + n % 3} for n in range(1, 60)])
        insert(cursor, "attribute_tags", [
            {"attribute_id": n, "event_id": 1, "tag_id": 1 + n % 3} for n in range(1, 300)
        ])  # fmt: skip


def visible(cursor: Any, org: int, *, admin: bool = False, unpublishedprivate: bool = False) -> set[int]:
    """The attributes that MISP shows to an organisation, by MISP's own condition."""
    cursor.execute(
        "SELECT sharing_group_id FROM sharing_group_servers WHERE server_id = 0 AND all_orgs = 1 "
        "UNION SELECT sharing_group_id FROM sharing_group_orgs WHERE org_id = %s", (org,)
    )  # fmt: skip
    groups = [row[0] for row in cursor.fetchall()] or [-1]
    published = "AND e.published = 1" if unpublishedprivate else ""
    rule = f"""e.org_id = %(org)s OR (
        (e.distribution IN (1,2,3) OR (e.distribution = 4 AND e.sharing_group_id IN %(sg)s)) {published}
        AND (a.distribution IN (1,2,3,5) OR (a.distribution = 4 AND a.sharing_group_id IN %(sg)s))
        AND (a.object_id = 0 OR o.distribution IN (1,2,3,5)
             OR (o.distribution = 4 AND o.sharing_group_id IN %(sg)s)))"""
    cursor.execute(
        "SELECT a.id FROM attributes a LEFT JOIN events e ON e.id = a.event_id "
        "LEFT JOIN objects o ON o.id = a.object_id AND a.object_id <> 0 "
        f"WHERE a.deleted = 0 AND e.id IS NOT NULL AND ({'1' if admin else rule})",
        {"org": org, "sg": groups},
    )
    return {row[0] for row in cursor.fetchall()}
