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
    loop = asyncio.get_running_loop()
    task, ended = loop.create_task(work), loop.create_future()
    timer = loop.call_later(seconds, _end, ended)
    task.add_done_callback(lambda _: _end(ended))
    if until is not None:
        until.add_done_callback(lambda _: timer.cancel())
    try:
        await ended
        if task.done() or (until is not None and until.done()):
            return await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        timer.cancel()
    task.cancel()
    task.add_done_callback(_ignore_result)
    raise TimeoutError(f"took longer than {seconds:g} seconds")


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def _ignore_result(task: asyncio.Task[Any]) -> None:
    """What was left behind may still fail; that was told as a timeout."""
    if not task.cancelled():
        task.exception()
