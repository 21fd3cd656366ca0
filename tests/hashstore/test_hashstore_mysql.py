"""The way to MISP's database: encrypted, by a socket, with secrets from elsewhere, and what can be wrong."""

from __future__ import annotations

import gc
import json
import re
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from asking import filled, settings_of
from certificates import authority, certificate, lock
from misp_database import Server, create, insert, mariadb

from watchfloor.testing import SiteMaker
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.settings import MysqlSettings, Settings
from watchfloor_hashstore.sources.mysql import opened

CA = {"ssl_ca": "ca.crt"}
ALL_BUT_TLS = 0x800FF7FF  # what a MySQL is capable of
CLIENT = {"ssl_cert": "client.crt", "ssl_key": "client.key"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The authorities `ca` and `other`; of the first a server at 127.0.0.1 and a client."""
    with TemporaryDirectory(prefix="wf-tls-") as name:
        folder = Path(name)
        for one in ("ca", "other"):
            authority(folder, one)
        certificate(folder, "server", "ca", "IP:127.0.0.1")
        certificate(folder, "client", "ca", "email:misp@example.org")
        lock(folder, "client", "sesame")
        yield folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Where a MariaDB with TLS listens, of which `strict` wants a client's certificate."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    files = (f"--ssl-{name}={folder}/{file}" for name, file in
             (("ca", "ca.crt"), ("cert", "server.crt"), ("key", "server.key")))  # fmt: skip
    network = ("--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}")
    with mariadb(folder, *network, *files) as server:
        create(server, "misp")
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE USER strict@localhost IDENTIFIED BY 's3cret' REQUIRE X509")
            cursor.execute("GRANT SELECT ON misp.* TO strict@localhost")
        yield port


def settings(folder: Path, **values: Any) -> MysqlSettings:
    """Settings whose files are in the folder."""
    files = ("ssl_ca", "ssl_cert", "ssl_key")
    placed = {name: str(folder / value) if name in files else value for name, value in values.items()}
    return msgspec.convert({"user": "misp", "password": "s3cret", **placed}, MysqlSettings)


def cipher(asked: MysqlSettings) -> str:
    """How the connection is encrypted."""
    with opened(asked) as database:
        return str(database.one("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[1])


def refusal(asked: MysqlSettings) -> str:
    """Why there is no connection."""
    with warnings.catch_warnings():
        # PyMySQL leaves the socket of a connection that failed to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            cipher(asked)
        except HashstoreError as error:
            return str(error)
        finally:
            gc.collect()
    return "nothing is wrong"


@pytest.mark.parametrize(
    "asked",
    [
        CA,
        {**CA, "ssl_verify_identity": True},
        {**CA, "host": "localhost", "ssl_verify_identity": False},
        {"ssl_ca": "other.crt", "ssl_verify_cert": False},
        {"ssl_verify_cert": False},
        {**CA, **CLIENT, "user": "strict"},
        {**CA, "ssl_cert": "client.crt", "ssl_key": "client-locked.key", "ssl_key_password": "sesame",
         "user": "strict"},
        {},
    ],
    ids=["authority", "identity", "any name", "any authority", "no authority", "certificate", "locked key",
         "as it comes"],
)  # fmt: skip
def test_the_connection_is_encrypted(folder: Path, port: int, asked: dict[str, Any]) -> None:
    assert cipher(settings(folder, **{"host": "127.0.0.1", "port": port, **asked}))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"ssl_ca": "other.crt"}, r"TLS with the database at 127.0.0.1:\d+ fails \(.*\): see host"),
        ({"ssl_verify_cert": True}, r"fails \(self-signed certificate in certificate chain\)"),
        ({"ssl_verify_identity": True}, r"fails \(self-signed certificate in certificate chain\)"),
        ({**CLIENT, "user": "strict"}, r"fails \(self-signed certificate in certificate chain\)"),
        ({**CA, "host": "localhost"}, r"\(Hostname mismatch, certificate is not valid for 'localhost'\)"),
        ({**CA, "user": "strict"}, r"as 'strict' \(Access denied .*\): correct user and password"),
        ({"ssl_ca": "no.crt"}, r"mysql\.ssl_ca: there is no file '.*no\.crt'"),
        ({**CA, "ssl_cert": "no.crt"}, r"mysql\.ssl_cert: there is no file"),
        ({"ssl_ca": "client.key"}, r"mysql\.ssl_ca: '.*client\.key' holds no certificate"),
        ({**CA, "ssl_key": "client.key"}, r"mysql\.ssl_key is set, but no ssl_cert"),
        ({**CA, "ssl_cert": "client.crt", "ssl_key": "ca.key"}, r"no certificate and its key .*\(KEY_VALUES"),
        ({**CA, "ssl_cert": "client.crt", "ssl_key": "client-locked.key"}, r"ssl_key_password is wrong"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_tls_is_told(folder: Path, port: int, asked: dict[str, Any], why: str) -> None:
    assert re.search(why, refusal(settings(folder, **{"host": "127.0.0.1", "port": port, **asked})))


class Peeking:
    """A server on a port of its own that says it has no TLS, and keeps what it is told."""

    def __init__(self, greeting: bytes) -> None:
        self.heard = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(30)
        self.port = int(self._listening.getsockname()[1])
        self._greeting = greeting
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Peeking:
        self._thread.start()
        return self

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.sendall(self._greeting)
            self.heard = connection.recv(9999)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listening.close()


def greeting(capabilities: int) -> bytes:
    """How MySQL greets, with these capabilities."""
    low, high = capabilities.to_bytes(4, "little")[:2], capabilities.to_bytes(4, "little")[2:]
    body = (
        b"\x0a8.0.36\0" + b"\1\0\0\0" + b"12345678\0" + low + b"\xff\2\0" + high + b"\x15" + bytes(10)
        + b"901234567890\0mysql_native_password\0"
    )  # fmt: skip
    return len(body).to_bytes(3, "little") + b"\0" + body


@pytest.mark.parametrize("asked", [CA, CLIENT, {"ssl_verify_cert": False}, {"ssl_verify_identity": True}])
def test_nothing_is_said_to_a_server_without_tls(folder: Path, asked: dict[str, Any]) -> None:
    with Peeking(greeting(ALL_BUT_TLS)) as server:
        why = refusal(settings(folder, host="127.0.0.1", port=server.port, **asked))
    assert "fails (SSL is required but the server doesn't support it): see host, ssl_ca and" in why
    assert server.heard == b""


def test_a_socket_is_as_good_as_a_port(folder: Path, port: int, mysql_server: Server) -> None:
    assert cipher(settings(folder, unix_socket=str(folder / "sql.sock"), database="misp")) == ""
    why = refusal(settings(folder, unix_socket=mysql_server.socket, **CA))
    assert why.startswith(f"TLS with the database at {mysql_server.socket} fails (SSL is required")


@pytest.mark.parametrize("reference", ["$env:WF_TEST_PASSWORD", "$file:password"])
def test_the_password_comes_from_elsewhere(
    make_site: SiteMaker,
    mysql_server: Server,
    misp_tables: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
) -> None:
    site = make_site(plugins={"hashstore": {}})
    database = {**mysql_server.settings("misp"), "password": reference}
    plugins = {"hashstore": {"mysql": database}}
    tree = {"redis": {"url": site.url}, "data": str(tmp_path), "feeds": [], "plugins": plugins}
    (tmp_path / "config.yaml").write_text(json.dumps(tree))
    (tmp_path / "password").write_text("s3cret\n")
    monkeypatch.setenv("WF_TEST_PASSWORD", "s3cret")
    command = [sys.executable, "-m", "watchfloor", "--config", str(tmp_path / "config.yaml")]

    def run(*arguments: str) -> str:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run("hashstore", "import", "--json"))["source"] == "mysql:misp"
    assert "s3cret" not in run("config")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"password": "wrong"}, r"as 'misp' \(Access denied .*\): correct user and password of plugins"),
        ({"database": "other"}, r"database 'other' at .* \(Unknown database 'other'\): correct database of"),
        ({"unix_socket": "/nowhere"}, r"at /nowhere cannot be reached \(No such file.*\): .* unix_socket of"),
        ({"unix_socket": None, "port": 1}, r"127.0.0.1:1 cannot be reached \(Connection refused\)"),
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_opened_is_named(
    mysql_server: Server, misp_tables: Any, values: dict[str, Any], why: str
) -> None:
    asked = msgspec.convert({**mysql_server.settings("misp"), **values}, MysqlSettings)
    assert re.search(why, refusal(asked))


def test_what_is_no_mysql_is_named() -> None:
    with Peeking(b"SSH-2.0-OpenSSH_9.2\r\n") as server:
        why = refusal(MysqlSettings(port=server.port))
    assert "cannot open the database 'misp'" in why
    assert why.endswith("correct the settings of plugins.hashstore.mysql")


def partly_read(server: Server, cursor: Any, *hidden: str) -> Settings:
    """Settings of a user who may read all tables but these."""
    cursor.execute("CREATE OR REPLACE USER partial@localhost IDENTIFIED BY 's3cret'")
    cursor.execute("SHOW TABLES")
    for (name,) in cursor.fetchall():
        if name not in hidden:
            cursor.execute(f"GRANT SELECT ON misp.{name} TO partial@localhost")
    return settings_of(server, mysql={**server.settings("misp"), "user": "partial"})


@pytest.mark.parametrize("table", ["attributes", "objects", "sharing_group_orgs", "event_tags"])
def test_a_user_who_may_not_read_what_decides_is_refused(
    make_site: SiteMaker, mysql_server: Server, misp_tables: Any, table: str
) -> None:
    asked = partly_read(mysql_server, misp_tables, table)
    with pytest.raises(HashstoreError, match=rf"may not read {table}, which .* SELECT on misp\.\*"):
        filled(make_site(plugins={"hashstore": {}}).redis, asked)


def test_keys_may_be_hidden(make_site: SiteMaker, mysql_server: Server, misp_tables: Any) -> None:
    event = {"id": 1, "org_id": 1, "uuid": "e", "date": "2026-01-02", "distribution": 3}
    insert(misp_tables, "events", [event])
    asked = partly_read(mysql_server, misp_tables, "users", "roles", "auth_keys")
    summary = filled(make_site(plugins={"hashstore": {}}).redis, asked)
    assert (summary.events, summary.keys) == (1, 0)
