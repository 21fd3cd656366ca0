"""Connections to real servers of every kind, and the sentence on each that cannot serve."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from watchfloor.config.settings import RedisSettings
from watchfloor.contracts import Key
from watchfloor.errors import ConfigError, StoreError
from watchfloor.store.checks import check, refusal
from watchfloor.store.connect import connect, connect_async
from watchfloor.store.urls import parse, redact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PLAIN = RedisSettings()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    folder: Path, *arguments: str, name: str = "redis", says: str = "eady to accept"
) -> Iterator[None]:
    """A redis-server with these arguments, once its log says that it is ready."""
    program = shutil.which("redis-server")
    assert program, "install a redis-server (Debian: apt-get install redis-server)"
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen([program, *arguments, "--dir", folder], stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 10
        while says not in log.read_text():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.005)
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def at_port(folder: Path, *arguments: str) -> Iterator[str]:
    port = free_port()
    with running(folder, "--port", str(port), "--save", "", *arguments):
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without secrets, at a socket; tests use databases and prefixes of their own."""
    folder = tmp_path_factory.mktemp("plain")
    with running(folder, "--port", "0", "--save", "", "--appendonly", "yes", "--unixsocket", f"{folder}/s"):
        yield f"unix://{folder}/s"


def ask_async(url: str, settings: RedisSettings, *command: str) -> object:
    async def run() -> object:
        async with connect_async(settings, url, role="test") as client:
            reply: object = await client.execute_command(*command)
            return reply

    return asyncio.run(run())


def says(url: str, settings: RedisSettings = PLAIN, patience: float = 5.0) -> str:
    """What `check` refuses this Redis with."""
    with connect(settings, url, role="test") as client, pytest.raises(StoreError) as raised:
        check(client, patience)
    return str(raised.value)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the password `secret` and a user `ada` who may not use CONFIG."""
    ada = ("--user", "ada", "on", ">lovelace", "~*", "&*", "+@all", "-config")
    bob = ("--user", "bob", "on", ">marley", "~*", "+get", "+client")
    with at_port(tmp_path_factory.mktemp("guarded"), "--requirepass", "secret", *ada, *bob) as url:
        yield url


def test_user_and_password_of_the_settings_win_over_the_urls(guarded: str) -> None:
    url = guarded.replace("://", "://bob:wrong@")
    settings = RedisSettings(username="ada", password="lovelace")
    with connect(settings, url, role="test") as client:
        assert client.acl_whoami() == "ada"
    assert ask_async(url, settings, "ACL WHOAMI") == "ada"
    with connect(RedisSettings(password="secret"), guarded, role="test") as client:
        assert client.acl_whoami() == "default"
    with connect(PLAIN, guarded.replace("://", "://ada:lovelace@"), role="test") as client:
        assert client.acl_whoami() == "ada"


def test_a_wrong_or_missing_password_is_named_and_not_shown(guarded: str) -> None:
    message = says(guarded.replace("://", "://:guess@"))
    assert message.startswith(f"Redis at {guarded.replace('://', '://:***@')} refuses the password (")
    assert message.endswith("): correct redis.password and redis.username")
    assert "guess" not in message
    assert f"Redis at {guarded} refuses the password (Authentication required)" in says(guarded)


def test_a_password_for_a_server_without_one_is_named(plain: str) -> None:
    assert "refuses the password (" in says(plain, RedisSettings(password="secret"))


def test_what_the_user_may_not_do_is_named(guarded: str) -> None:
    message = says(guarded, RedisSettings(username="bob", password="marley"))
    assert "forbids its user something" in message
    assert "grant it with ACL SETUSER" in message


def test_without_leave_for_config_the_check_still_works(guarded: str) -> None:
    with connect(RedisSettings(username="ada", password="lovelace"), guarded, role="test") as client:
        assert check(client) == []


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that speaks TLS only and asks clients for a certificate, and the folder of the keys."""
    folder = tmp_path_factory.mktemp("tls")
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    ca = ("-CA", "ca.crt", "-CAkey", "ca.key")
    signs = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(folder, *new, *signs, "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.crt")
    for name in ("server", "client"):
        names = ("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE")
        out = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
        openssl(folder, *new, *ca, "-subj", f"/CN={name}", *names, *out)
    port = free_port()
    files = {"cert-file": "server.crt", "key-file": "server.key", "ca-cert-file": "ca.crt"}
    given = [word for name, file in files.items() for word in (f"--tls-{name}", f"{folder}/{file}")]
    with running(folder, "--port", "0", "--tls-port", str(port), "--save", "", *given):
        yield f"rediss://127.0.0.1:{port}", folder


def keys_in(folder: Path, **more: Any) -> RedisSettings:
    return RedisSettings(tls_cert=f"{folder}/client.crt", tls_key=f"{folder}/client.key", **more)


def test_tls_with_certificates_on_both_sides(encrypted: tuple[str, Path]) -> None:
    url, folder = encrypted
    settings = keys_in(folder, tls_ca=f"{folder}/ca.crt")
    with connect(settings, url, role="test") as client:
        assert client.ping()
    assert ask_async(url, settings, "ECHO", "é") == "é"


def test_tls_without_the_authority_is_refused_unless_told_otherwise(encrypted: tuple[str, Path]) -> None:
    url, folder = encrypted
    message = says(url, keys_in(folder))
    assert message.startswith(f"TLS with Redis at {url} fails (")
    assert "self-signed certificate" in message
    with connect(keys_in(folder, tls_verify=False), url, role="test") as client:
        assert client.ping()


def test_a_tls_file_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"redis.tls_ca: there is no file '/nowhere/ca.crt'"):
        connect(RedisSettings(tls_ca="/nowhere/ca.crt"), "rediss://db.example", role="test")


def test_tls_settings_without_tls_are_not_ignored() -> None:
    with pytest.raises(
        ConfigError, match=r"redis.tls_ca is set, but redis.url is not encrypted: use rediss://"
    ):
        connect(RedisSettings(tls_ca="/etc/ca.crt"), "redis://db.example", role="test")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The hosts of a Sentinel with the password `guard`, and the master `main` with `secret`."""
    folder = tmp_path_factory.mktemp("sentinel")
    port = free_port()
    with at_port(folder, "--requirepass", "secret") as master:
        config = folder / "sentinel.conf"
        config.write_text(
            f"port {port}\nrequirepass guard\nsentinel monitor main 127.0.0.1 {parse(master).hosts[0][1]} 1\n"
            "sentinel auth-pass main secret\n"
        )
        with running(folder, str(config), "--sentinel", name="sentinel", says="+monitor"):
            # The first Sentinel does not answer: the second is asked.
            yield f"127.0.0.1:{free_port()},127.0.0.1:{port}", master


def test_sentinel_leads_to_the_master(watched: tuple[str, str]) -> None:
    hosts, master = watched
    settings = RedisSettings(password="secret", sentinel_password="guard", prefix="site:")
    with connect(settings, f"sentinel://{hosts}/main?db=1", role="test") as client:
        client.set(Key("a"), 1)
        check(client)
        assert f"redis://127.0.0.1:{client.info()['tcp_port']}" == master
        assert client.connection_pool.connection_kwargs["retry"].get_retries() == 0
    assert ask_async(f"sentinel://{hosts}/main?db=1", settings, "GET", Key("a")) == "1"


def test_a_service_that_sentinel_does_not_know_is_named(watched: tuple[str, str]) -> None:
    settings = RedisSettings(password="secret", sentinel_password="guard")
    message = says(f"sentinel://{watched[0]}/other", settings)
    assert message.startswith(f"no Sentinel at sentinel://{watched[0]}/other tells of a master by that name")


def test_a_wrong_sentinel_password_is_named_and_not_shown(watched: tuple[str, str]) -> None:
    message = says(f"sentinel://{watched[0]}/main", RedisSettings(sentinel_password="guess"))
    assert "redis.sentinel_password" in message
    assert "guess" not in message


def test_a_sentinel_in_the_place_of_a_server_is_named(watched: tuple[str, str]) -> None:
    url = "redis://" + watched[0].split(",")[1]
    assert "is a Sentinel: write redis.url as sentinel://" in says(url, RedisSettings(password="guard"))


def test_a_server_that_is_not_there_is_named() -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}/2"
    assert says(url) == (
        f"Redis at {redact(url)} cannot be reached (Connection refused): start it, correct redis.url, "
        "or use the private server with redis: {url: embedded}"
    )
    assert "cannot be reached (No such file or directory)" in says("unix:///nowhere/redis.sock")


def test_a_server_that_does_not_answer_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}"
        assert f"Redis at {url} cannot be reached (" in says(url, RedisSettings(timeout=0.1))


def test_a_database_beyond_the_servers_is_named(plain: str) -> None:
    assert "answers with an error (DB index is out of range)" in says(f"{plain}?db=99")


def test_a_server_that_evicts_is_refused(tmp_path: Path) -> None:
    with at_port(tmp_path, "--maxmemory-policy", "allkeys-lru") as url:
        message = says(url)
    assert "(maxmemory-policy is 'allkeys-lru')" in message
    assert "run redis-cli CONFIG SET maxmemory-policy noeviction" in message


def test_a_replica_is_refused(tmp_path: Path) -> None:
    with at_port(tmp_path, "--replicaof", "127.0.0.1", "1") as url:
        assert "is a replica of 127.0.0.1:1, which takes no writes" in says(url)


def test_a_cluster_is_refused(tmp_path: Path) -> None:
    with at_port(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as url:
        assert "is a cluster, which has no transactions over all keys" in says(url)


def test_a_server_that_is_too_old_is_refused() -> None:
    assert (
        refusal({"redis_version": "6.0.16"})
        == "is version 6.0.16, which is too old: upgrade it to 6.2 or later"
    )
    assert refusal({"redis_version": "6.2.0"}) is None
    assert refusal({"redis_version": "10.0.1"}) is None


def test_a_server_that_keeps_nothing_is_warned_of(tmp_path: Path) -> None:
    with at_port(tmp_path) as url, connect(PLAIN, url, role="test") as client:
        (warning,) = check(client)
        assert f"Redis at {url} keeps nothing on disk" in warning
        client.config_set("save", "900 1")
        assert check(client) == []


def test_a_server_that_loads_its_data_is_waited_for(tmp_path: Path) -> None:
    with at_port(tmp_path) as url, connect(PLAIN, url, role="test") as client:
        client.mset({f"key{number}": "x" * 1000 for number in range(300)})
        client.save()
    slow = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    url = f"unix://{tmp_path}/s"
    with running(tmp_path, "--port", "0", "--unixsocket", f"{tmp_path}/s", *slow, says="Loading RDB"):
        assert "is still loading its data: it can be used when that is done" in says(url, patience=0)
        with connect(PLAIN, url, role="test") as client:
            check(client)
            assert client.dbsize() == 300
