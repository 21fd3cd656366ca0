"""The one key that says which generation answers, and the lock on changing it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from watchfloor_hashstore import scripts
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.keys import STATE
from watchfloor_hashstore.layout import bits_for

LIVE_ONLY = "live"
_LEASE = 30  # seconds that a lock outlives its holder


@dataclass(frozen=True)
class State:
    """What the store's one key says. Times are Unix seconds, 0 for never; `since` is the snapshot's.

    `fields` is all of it as text. A store that has seen live messages alone has the generation `live`.
    """

    generation: str = LIVE_ONLY
    bits: int = bits_for(0)
    building: str = ""
    since: float = 0.0
    imported: float = 0.0
    updated: float = 0.0
    groups: int = 0
    source: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: Mapping[bytes, bytes]) -> State:
        """From the reply to HGETALL."""
        fields = {name.decode(): value.decode(errors="replace") for name, value in raw.items()}
        return cls(
            fields.get("generation") or LIVE_ONLY,
            int(fields.get("bits") or bits_for(0)),
            fields.get("building", ""),
            float(fields.get("since") or 0),
            float(fields.get("imported") or 0),
            float(fields.get("updated") or 0),
            int(fields.get("groups") or 0),
            fields.get("source", ""),
            fields,
        )


def new_generation() -> str:
    """A name that no generation had before."""
    return secrets.token_hex(4)


def state(redis: Any) -> State:
    """What holds now."""
    return State.read(redis.hgetall(STATE()))


class Lock:
    """The right to change the store as a whole; `left` is what dead holders may have left behind."""

    def __init__(self, redis: Any, token: str, left: Sequence[str]) -> None:
        self._redis = redis
        self._token = token
        self.left = left
        self.lost = threading.Event()

    def renew(self) -> None:
        """Hold on; HashstoreError when somebody else has it."""
        if not self._redis.eval(scripts.RENEW, 1, STATE(), self._token, _LEASE):
            self.lost.set()
        self.check()

    def check(self) -> None:
        """HashstoreError when the lock was lost."""
        if self.lost.is_set():
            raise HashstoreError(
                "another import took over while this one was stuck: nothing was changed; run it again"
            )

    def set(self, values: Mapping[str, object]) -> None:
        """Change fields of the state, all at once, if the lock is still held; else HashstoreError."""
        flat = [part for pair in values.items() for part in (pair[0], str(pair[1]))]
        if not self._redis.eval(scripts.SET_LOCKED, 1, STATE(), self._token, *flat):
            self.lost.set()
            self.check()


@contextmanager
def locked(redis: Any, building: str = "") -> Iterator[Lock]:
    """Hold the lock, renewed in the background. HashstoreError at once when another holds it."""
    token = secrets.token_hex(8)
    holder, left = redis.eval(scripts.LOCK, 1, STATE(), token, _LEASE, building)
    if holder.decode() != token:
        raise HashstoreError("an import or update is already running: wait for it, or stop it first")
    lock, stop = Lock(redis, token, left.decode().split()), threading.Event()
    thread = threading.Thread(target=_keep, args=(lock, stop), name="hashstore lock", daemon=True)
    thread.start()
    try:
        yield lock
    finally:
        stop.set()
        thread.join()
        redis.eval(scripts.UNLOCK, 1, STATE(), token)


def _keep(lock: Lock, stop: threading.Event) -> None:
    while not stop.wait(_LEASE / 6) and not lock.lost.is_set():
        # While Redis is away the work itself fails, and says so.
        with suppress(Exception):
            lock.renew()
