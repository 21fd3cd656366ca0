"""Who a key stands for: MISP's own keys, legacy and advanced, and keys of the store's own.

Every key is looked for in all three places, and every wrong one costs a bcrypt where the instance has
advanced keys, one that has expired or was revoked as well: neither the answer nor the time tells what was
nearly right, or right once.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bcrypt

from watchfloor import Key
from watchfloor_hashstore.keys import MISP_KEYS, OWN_KEYS, STATE
from watchfloor_hashstore.lookup import Steps, Who
from watchfloor_hashstore.own_keys import field_of_key
from watchfloor_hashstore.own_keys import unpacked as own_unpacked
from watchfloor_hashstore.sources.accounts import MispKey, advanced_field, cost_of, legacy_field, unpacked
from watchfloor_hashstore.state import State

_KEY = re.compile(r"[A-Za-z0-9]{40}")
_PLACES = 4  # that are asked about each key
_NO_KEY = "\0" * 40  # is nobody's, and as long as those that are somebody's
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Candidate:
    """Whom a key would stand for, until when (Unix seconds, 0 for ever) and from where.

    `hashed` is what bcrypt must find it to be; "" when it was found by all of it.
    """

    who: Who
    expires: int = 0
    addresses: tuple[str, ...] = ()
    hashed: str = ""


@dataclass(frozen=True)
class Found:
    """What there is about a key; `cost` is bcrypt's where the instance has keys that only it can tell."""

    candidates: tuple[Candidate, ...] = ()
    cost: int = 0


def find(keys: Sequence[str]) -> Steps[list[Found]]:
    """Look for keys in all places where each may be."""
    (raw,) = yield [("HGETALL", STATE())]
    misp = MISP_KEYS(generation=State.read(raw).generation)
    replies = yield [command for key in keys for command in _questions(misp, key)]
    return [_found(*replies[at : at + _PLACES]) for at in range(0, len(replies), _PLACES)]


def _questions(misp: Key, key: str) -> Iterator[tuple[Any, ...]]:
    if not _KEY.fullmatch(key):
        key = _NO_KEY
    yield "HGET", OWN_KEYS(), field_of_key(key)
    yield "HGET", misp, legacy_field(key)
    yield "HGET", misp, advanced_field(key)
    yield "HGET", misp, "mode"


def _found(own: bytes | None, legacy: bytes | None, advanced: bytes | None, mode: bytes | None) -> Found:
    found = []
    if own:
        made = own_unpacked(own)
        found.append(Candidate(Who(made.organisation), made.expires, tuple(made.addresses)))
    for value in (legacy, advanced):
        found += [_candidate(one) for one in (unpacked(value) if value else [])]
    return Found(tuple(found), cost_of(mode or b""))


def _candidate(key: MispKey) -> Candidate:
    return Candidate(Who(key.organisation, key.admin), key.expires, tuple(key.addresses), key.hashed)


class Verifier:
    """Tells whom a key stands for, and remembers which keys bcrypt has found right."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, key: str) -> bool:
        """Whether this very key was right not long ago."""
        return self.mark(key) in self._right

    def forget(self, key: str) -> None:
        """This key is right no more."""
        with self._lock:
            self._right.pop(self.mark(key), None)

    def verify(self, key: str, found: Found, address: str, now: float) -> Who | None:
        """Whom the key stands for, used from this address at this time; None for a wrong one."""
        return self.quickly(key, found, address, now) or self.slowly(key, found, address, now)

    def quickly(self, key: str, found: Found, address: str, now: float) -> Who | None:
        """Likewise, as far as that takes no calculating: keys found by all of them, or right before."""
        before = (one for one in found.candidates if self._was_right(key, one.hashed))
        return self._right_one(key, before, address, now)

    def _was_right(self, key: str, hashed: str) -> bool:
        return not hashed or self.mark(key, hashed) in self._right

    def slowly(self, key: str, found: Found, address: str, now: float) -> Who | None:
        """Likewise, by calculating for a tenth of a second where the instance has advanced keys."""
        hashed = [one for one in found.candidates if one.hashed]
        if found.cost and not hashed:
            bcrypt.hashpw(b"no key", b"$2b$%02d$......................" % found.cost)
        matching = [one for one in hashed if self._matches(key, one.hashed)]
        return self._right_one(key, matching, address, now)

    def _right_one(self, key: str, matching: Iterable[Candidate], address: str, now: float) -> Who | None:
        who = next((one.who for one in matching if _may(one, address, now)), None)
        if who is not None:
            self._remember(self.mark(key))
        return who

    def _matches(self, key: str, hashed: str) -> bool:
        try:
            # PHP writes $2y$ for what everybody else calls $2b$.
            right = bcrypt.checkpw(key.encode(), hashed.replace("$2y$", "$2b$", 1).encode())
        except ValueError:  # it is no hash of bcrypt's
            return False
        if right:
            self._remember(self.mark(key, hashed))
        return right

    def _remember(self, mark: bytes) -> None:
        with self._lock:
            self._right[mark] = None
            self._right.move_to_end(mark)
            if len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)

    def mark(self, key: str, hashed: str = "") -> bytes:
        """What stands for a key in this process' memory."""
        text = f"{key} {hashed}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._secret, digest_size=32).digest()


def _may(candidate: Candidate, address: str, now: float) -> bool:
    if candidate.expires and candidate.expires <= now:
        return False
    return not candidate.addresses or _within(address, candidate.addresses)


def _within(address: str, allowed: Iterable[str]) -> bool:
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(here, "ipv4_mapped", None)
    return any((mapped or here) in network for network in map(_network, allowed) if network is not None)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


class Tries:
    """Counts the wrong keys that come from an address: so many within so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        if not self._wrong:
            return 0.0
        recent = [at for at in self._wrong.get(_block(address), ()) if at > now - self._seconds]
        return 0.0 if len(recent) < self._most else recent[-self._most] + self._seconds - now

    def wrong(self, address: str, now: float) -> None:
        """A wrong key came from this address."""
        block = _block(address)
        recent = [at for at in self._wrong.pop(block, ()) if at > now - self._seconds]
        self._wrong[block] = [*recent, now][-self._most :]
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)


def _block(address: str) -> str:
    """An IPv6 customer has a whole /64 to try from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else address
