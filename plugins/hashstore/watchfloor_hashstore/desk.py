"""Where the requests of a web process come together: one thread asks Redis for all that wait."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from redis.exceptions import RedisError

from watchfloor_hashstore.auth import Found, Verifier, find
from watchfloor_hashstore.lookup import Answers, Reader, Steps, Who, nothing, run
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.portable.many import NOTHING, Hashes

T = TypeVar("T")

_AT_ONCE = 10_000  # jobs and hashes
_FRESH = 1.0  # seconds for which what was found about a key is taken for true


@dataclass(frozen=True, slots=True)
class Job:
    """What one request wants: whom a key stands for, or the hits of values with these hashes."""

    done: asyncio.Future[Any]
    key: str | None = None
    who: Who = field(default_factory=Who)
    hashes: Hashes = NOTHING
    meanwhile: Callable[[], None] = nothing


class Desk:
    """Takes the jobs of requests, and answers all that wait in the same few round trips."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._reader = Reader()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._found: dict[bytes, tuple[float, Found]] = {}
        self.verifier = Verifier()

    async def find(self, key: str) -> Found:
        """What there is about a key."""
        mark = self.verifier.mark(key)
        known = self._found.get(mark)
        if known and time.monotonic() - known[0] < _FRESH:
            return known[1]
        found: Found = await self._do(key=key)
        if len(self._found) > 10_000:
            self._found.clear()
        self._found[mark] = time.monotonic(), found
        return found

    async def ask(self, who: Who, hashes: Hashes, meanwhile: Callable[[], None] = nothing) -> Answers:
        """The hits of values. `meanwhile` is called in another thread, while Redis looks for them."""
        answers: Answers = await self._do(who=who, hashes=hashes, meanwhile=meanwhile)
        return answers

    async def _do(self, **what: Any) -> Any:
        job = Job(asyncio.get_running_loop().create_future(), **what)
        self._start()
        self._jobs.put(job)
        return await job.done

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="hashstore desk", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        with self._lock:
            if self._thread is not None:
                self._jobs.put(None)
                self._thread.join()
            self._thread = None
            self._found.clear()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs, size = [job], 1 + len(job.hashes.digests)
            while size < _AT_ONCE and not self._jobs.empty() and (job := self._jobs.get()) is not None:
                jobs.append(job)
                size += 1 + len(job.hashes.digests)
            self._answer(jobs)
            if job is None:
                return

    def _answer(self, jobs: Sequence[Job]) -> None:
        finding, asking = ([job for job in jobs if (job.key is None) == asks] for asks in (False, True))
        results = [*self._results(finding, _find), *self._results(asking, self._ask)]
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Any]]] = {}
        for job, result in zip([*finding, *asking], results, strict=True):
            by_loop.setdefault(job.done.get_loop(), []).append((job, result))
        for loop, pairs in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_hand_out, pairs)

    def _ask(self, jobs: Sequence[Job]) -> Steps[list[Answers]]:
        return self._reader.ask([(job.who, job.hashes) for job in jobs])

    def _results(self, jobs: Sequence[Job], steps: Callable[[Sequence[Job]], Steps[list[T]]]) -> list[Any]:
        """What each of them wants, or an error; one by one where something is wrong with one of them."""

        def meanwhile() -> None:
            for job in jobs:
                job.meanwhile()

        try:
            return run(self._pool.redis, steps(jobs), meanwhile) if jobs else []
        except RedisError as error:
            return [error] * len(jobs)
        except Exception as error:  # noqa: BLE001 (it is the result of this one, and of no other)
            if len(jobs) == 1:
                return [error]
            return [result for job in jobs for result in self._results([job], steps)]


def _find(jobs: Sequence[Job]) -> Steps[list[Found]]:
    return find([job.key or "" for job in jobs])


def _hand_out(pairs: Sequence[tuple[Job, Any]]) -> None:
    for job, result in pairs:
        if job.done.done():
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)
