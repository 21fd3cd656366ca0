"""Time limits that hold whatever the code behind them does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T], until: asyncio.Future[Any] | None = None) -> T:
    """The result of some work; TimeoutError when it takes longer.

    Work that does not end when it is cancelled, such as a function in a thread, is left behind. Once
    `until` is done, the limit is off.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait(
            {task} if until is None else {task, until}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if task.done() or (until is not None and until.done()):
            return await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    task.cancel()
    task.add_done_callback(_ignore_result)
    raise TimeoutError(f"took longer than {seconds:g} seconds")


def _ignore_result(task: asyncio.Task[Any]) -> None:
    """What was left behind may still fail; that was told as a timeout."""
    if not task.cancelled():
        task.exception()
