"""What people see when something goes wrong: a page in the shell, or a card, with an id for the log."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


def keep(error: BaseException, plugin: str, where: str) -> str:
    """Log an error that a plugin (or the core, "watchfloor") raised; the id under which it stands there."""
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
