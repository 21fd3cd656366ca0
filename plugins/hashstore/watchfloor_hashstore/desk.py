"""Where the requests of a web process come together: one thread asks Redis for all that wait."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from watchfloor_hashstore.auth import Found, Verifier, find
from watchfloor_hashstore.keys import STATE
from watchfloor_hashstore.lookup import Answers, Reader, Steps, Who, run, run_together
from watchfloor_hashstore.pool import Pool
from watchfloor_hashstore.state import State

_AT_ONCE = 256
_FRESH = 1.0  # seconds for which what was found about a key is taken for true


@dataclass
class Job:
    """What one request wants: whom a key stands for, or the hits of questions."""

    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    key: str | None = None
    who: Who = field(default_factory=Who)
    questions: Sequence[Sequence[bytes]] = ()

    def steps(self, reader: Reader, state: State) -> Steps[Any]:
        """What is to be asked of Redis."""
        if self.key is not None:
            return find(state, self.key)
        return reader.ask(self.who, self.questions, state)


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

    async def ask(self, who: Who, questions: Sequence[Sequence[bytes]]) -> Answers:
        """The hits of questions of one or more hashes each."""
        answers: Answers = await self._do(who=who, questions=questions)
        return answers

    async def _do(self, **what: Any) -> Any:
        loop = asyncio.get_running_loop()
        job = Job(loop, loop.create_future(), **what)
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
        while (first := self._jobs.get()) is not None:
            jobs = [first]
            ended = False
            while len(jobs) < _AT_ONCE and not ended:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                ended = job is None
                if job is not None:
                    jobs.append(job)
            self._answer(jobs)
            if ended:
                return

    def _answer(self, jobs: list[Job]) -> None:
        results: Sequence[Any]
        try:
            state = run(self._pool.redis, _state())
            results = run_together(self._pool.redis, [job.steps(self._reader, state) for job in jobs])
        except Exception as error:  # noqa: BLE001 (those who asked are told)
            results = [error] * len(jobs)
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Any]]] = {}
        for job, result in zip(jobs, results, strict=True):
            by_loop.setdefault(job.loop, []).append((job, result))
        for loop, pairs in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_hand_out, pairs)


def _state() -> Steps[State]:
    (raw,) = yield [("HGETALL", STATE())]
    return State.read(raw)


def _hand_out(pairs: list[tuple[Job, Any]]) -> None:
    for job, result in pairs:
        if job.done.done():
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)
