"""Work that goes on beside something else, and ends with it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

log = logging.getLogger(__name__)


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run endless work as long as the block lasts. Work that ends by itself has failed, and is logged."""
    tasks = {asyncio.create_task(one) for one in work}
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        # Python 3.11 can lose a cancellation (asyncio.wait_for, inside of the Redis client).
        while tasks:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=0.1)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.critical("%s ended, which it never should", task.get_coro(), exc_info=task.exception())
