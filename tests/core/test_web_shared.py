from __future__ import annotations

import asyncio

import pytest

from watchfloor.web import shared
from watchfloor.web.limits import within
from watchfloor.web.shared import Shared
from watchfloor.web.tasks import running

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Maker:
    def __init__(self) -> None:
        self.made = 0

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        return self.made


async def test_what_is_asked_for_at_once_is_made_once() -> None:
    results, make = Shared[int](), Maker()
    assert await asyncio.gather(*(results.get("a", 1, make) for _ in range(10))) == [1] * 10
    assert await results.get("b", 1, make) == 2


async def test_a_new_version_is_made_anew() -> None:
    results, make = Shared[int](), Maker()
    assert [await results.get("a", version, make) for version in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]


async def test_an_old_result_is_made_anew() -> None:
    results, make = Shared[int](age=-1), Maker()
    assert [await results.get("a", 1, make) for _ in range(3)] == [1, 2, 3]


async def test_who_goes_away_does_not_take_the_result_along() -> None:
    results, make = Shared[int](), Maker()
    first = asyncio.create_task(results.get("a", 1, make))
    second = asyncio.create_task(results.get("a", 1, make))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1


async def test_only_so_many_results_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_KEPT", 2)
    results, make = Shared[int](), Maker()
    assert [await results.get(key, 1, make) for key in "abcab"] == [1, 2, 3, 4, 5]


async def test_work_within_its_time_gives_its_result_or_its_error() -> None:
    async def fails() -> None:
        raise KeyError("x")

    assert await within(1, Maker()()) == 1
    with pytest.raises(KeyError):
        await within(1, fails())


async def test_work_that_ignores_being_cancelled_is_left_behind() -> None:
    over = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await over.wait()
            raise KeyError("nobody listens any more") from None

    with pytest.raises(TimeoutError, match=r"took longer than 0.01 seconds"):
        await within(0.01, stubborn())
    over.set()
    await asyncio.sleep(0)


async def test_a_limit_is_off_once_something_has_happened() -> None:
    begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def work() -> str:
        begun.set_result(None)
        await over.wait()
        return "done"

    asked = asyncio.create_task(within(0.01, work(), begun))
    await asyncio.sleep(0.05)
    assert not asked.done()
    over.set()
    assert await asked == "done"


async def test_work_ends_with_who_asked_for_it() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    asked = asyncio.create_task(within(60, work()))
    await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await asyncio.wait_for(ended.wait(), 5)


async def test_work_beside_a_block_ends_with_it_even_if_a_cancellation_gets_lost() -> None:
    cancelled: list[int] = []

    async def work() -> None:
        while len(cancelled) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(1)
        raise asyncio.CancelledError

    async with running(work()):
        await asyncio.sleep(0)
    assert len(cancelled) == 2


async def test_work_beside_a_block_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise KeyError("x")

    async with running(fails()):
        await asyncio.sleep(0.01)
    assert "which it never should" in caplog.text
