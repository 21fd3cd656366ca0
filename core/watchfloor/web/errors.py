"""What goes wrong in the web process: logged under an id, counted, and the latest of it kept to be shown."""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from watchfloor.subscriber.states import span

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

Kind = Literal["panel", "route", "check", "page", "stall"]
_MOST = 200  # kinds of errors that are kept
_REPEAT = 60.0  # seconds after which an error that comes again is logged anew


@dataclass(frozen=True)
class Kept:
    """An error that came `count` times between two Unix times; its text stands in the log only."""

    plugin: str
    where: str
    what: str
    error_id: str
    first: float
    last: float
    count: int = 1

    @property
    def ago(self) -> str:
        """How long it is since it came last, for people."""
        return span(time.time() - self.last)


class Errors:
    """What went wrong in this process: the latest kinds of it, and how often ever, by plugin and kind.

    The plugin is "watchfloor" where none is to blame.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Kept] = {}
        self.counts: Counter[tuple[str, Kind]] = Counter()

    def keep(self, error: BaseException, plugin: str, where: str, kind: Kind) -> str:
        """Note an error, and log it; the id under which it stands there.

        What comes again and again is logged once a minute.
        """
        key, now = (plugin, where, _brief(error)), time.time()
        self.counts[plugin, kind] += 1
        before = self._kept.pop(key, None)
        if before is None or now - before.first >= _REPEAT:
            found = Kept(plugin, where, reason(error), _log(error, plugin, where), now, now)
        else:
            found = replace(before, last=now, count=before.count + 1)
        self._kept[key] = found
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        return found.error_id

    def of(self, plugin: str) -> list[Kept]:
        """The latest errors of a plugin, the newest first."""
        return [kept for kept in reversed(self._kept.values()) if kept.plugin == plugin]


def _log(error: BaseException, plugin: str, where: str) -> str:
    error_id = secrets.token_hex(4)
    extra: Mapping[str, str] = {"plugin": plugin, "error_id": error_id}
    log.error("[%s] plugin '%s', %s: %s", error_id, plugin, where, _brief(error), exc_info=error, extra=extra)
    return error_id


def reason(error: BaseException) -> str:
    """The end of a sentence on an error. Its text stays in the log: it may hold anything."""
    if isinstance(error, RedisConnectionError | RedisTimeoutError):
        return "Redis does not answer"
    if type(error) is TimeoutError:
        return str(error) or "took too long"
    return f"{type(error).__name__}"


def _brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]
