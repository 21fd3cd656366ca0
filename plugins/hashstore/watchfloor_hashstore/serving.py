"""`POST /hashstore/lookup` and the old protocol at `POST /hashstore/json`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from watchfloor import problem
from watchfloor_hashstore.ahead import Ahead
from watchfloor_hashstore.auth import Tries
from watchfloor_hashstore.counting import Counter
from watchfloor_hashstore.desk import Desk
from watchfloor_hashstore.lookup import Answers, Hit, Who
from watchfloor_hashstore.old import answer, decode
from watchfloor_hashstore.operation import LOOKUP
from watchfloor_hashstore.portable.many import Hashes
from watchfloor_hashstore.requests import RequestError, Wanted, check_count, pieces, read, read_body
from watchfloor_hashstore.settings import LimitSettings

T = TypeVar("T")
log = logging.getLogger(__name__)
_SHORT = 10_000  # values of which the answer is sent when it is complete
_LARGE = 64 * 1024  # bytes of a body that another thread reads
_encode = msgspec.json.Encoder().encode
_WRONG = "this API key is wrong, expired, or not for use from here"
_AWAY = "the hash store cannot be asked just now: try again soon"
_JSON = "application/json"


class Serving:
    """The two routes with what they need."""

    def __init__(self, desk: Desk, counter: Counter, limits: LimitSettings) -> None:
        self._desk = desk
        self._counter = counter
        self._limits = limits
        self._tries = Tries(limits.tries, limits.tries_seconds)

    async def lookup(self, request: Request) -> Response:
        """Hits of values or hashes, in order."""
        return await self._guarded(self._lookup, request)

    lookup.__doc__ = f"{lookup.__doc__}\n---\n{LOOKUP}"

    async def old(self, request: Request) -> Response:
        """The protocol of the old hash store: errors have the status 200."""
        try:
            return await self._old(request)
        except RequestError as error:
            status = 429 if error.status == 429 else 200
            return Response(_encode({"error": error.sentence}), status, media_type=_JSON)
        except ClientDisconnect:
            return Response(status_code=400)
        except RedisError as error:
            log.warning("the hash store's Redis failed: %s", error)
            return Response(_encode({"error": _AWAY}), media_type=_JSON)

    async def _guarded(self, route: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        try:
            return await route(request)
        except RequestError as error:
            headers = {"retry-after": str(int(error.wait) + 1)} if error.wait else {}
            if error.status == 401:
                headers["www-authenticate"] = "Bearer"
            return problem(request, error.status, _sentence(error.sentence), headers)
        except HTTPException as error:
            return problem(request, error.status_code, error.detail, error.headers)
        except ClientDisconnect:
            return Response(status_code=400)
        except RedisError as error:
            log.warning("the hash store's Redis failed: %s", error)
            return problem(request, 503, _sentence(_AWAY), {"retry-after": "5"})

    async def _lookup(self, request: Request) -> Response:
        who = await self.authenticated(request, _key_of(request))
        encoding = request.headers.get("content-encoding", "").strip().lower()
        body = await read_body(request.stream(), encoding, self._limits.body)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = await _aside(read, body, kind, self._limits, size=len(body))
        answer = self._answers(who, wanted)
        if wanted.count <= _SHORT:
            return Response(b"".join([piece async for piece in answer]), media_type=_JSON)
        return StreamingResponse(answer, media_type=_JSON)

    async def _answers(self, who: Who, wanted: Wanted) -> AsyncIterator[bytes]:
        """The answer as JSON, piece by piece."""
        asked = known = 0
        try:
            async for answers in self._asked(who, wanted.pieces):
                hits = _encode(answers.hits)[1:-1]
                if asked:
                    yield b"," + hits
                else:
                    times = {"imported": answers.state.imported, "updated": answers.state.updated}
                    yield _encode(times)[:-1] + b',"results":[' + hits
                asked, known = asked + len(answers.hits), known + answers.known
        finally:
            self._counter.count(asked, known)
        yield b"]" + (await self._parts(who, wanted)) + b"}"

    async def _asked(self, who: Who, pieces: Ahead[Hashes]) -> AsyncIterator[Answers]:
        """The hits of each piece. While Redis looks for them, the next one is worked out."""
        for piece in pieces:
            yield await self._desk.ask(who, piece, pieces.prepare)

    async def _hits(self, who: Who, pieces: Ahead[Hashes]) -> list[Sequence[Hit]]:
        """The hits of all pieces."""
        return [hits async for answers in self._asked(who, pieces) for hits in answers.hits]

    async def _parts(self, who: Who, wanted: Wanted) -> bytes:
        """What is known of the parts of each value."""
        if wanted.parts is None:
            return b""
        flat = [part for parts in wanted.parts for part in parts]
        asked = pieces(flat)
        await asyncio.to_thread(asked.prepare)
        known = dict(zip(flat, await self._hits(who, asked), strict=True))
        found = [[{"value": p, "hits": known[p]} for p in parts if known.get(p)] for parts in wanted.parts]
        return b',"parts":' + _encode(found)

    async def _old(self, request: Request) -> Response:
        body = await read_body(request.stream(), "", self._limits.body)
        question = await _aside(decode, body, size=len(body))
        check_count(question.size, self._limits)
        who = await self.authenticated(request, question.authkey or "")
        hits = await self._hits(who, await _aside(question.hashes, size=len(body)))
        self._counter.count(len(hits), sum(map(bool, hits)))
        return Response(_encode(answer(question, hits)), media_type=_JSON)

    async def authenticated(self, request: Request, key: str) -> Who:
        """Whom the key stands for. RequestError for a wrong one, and for too many of them."""
        address = request.client.host if request.client else ""
        now = time.time()
        wait = self._tries.wait(address, now)
        if wait and not self._desk.verifier.knows(key):
            raise RequestError(429, f"too many wrong API keys from here: wait {int(wait) + 1} seconds", wait)
        found = await self._desk.find(key)
        verifier = self._desk.verifier
        who = verifier.quickly(key, found, address, now)
        if who is None and found.cost:
            who = await asyncio.to_thread(verifier.slowly, key, found, address, now)
        if who is None:
            verifier.forget(key)
            self._tries.wrong(address, now)
            log.warning("a wrong API key for the hash store from %s", address)
            raise RequestError(401, _WRONG)
        return who


async def _aside(function: Callable[..., T], *arguments: Any, size: int) -> T:
    """The result of a function, from another thread where it has much to do: others wait for this one."""
    if size > _LARGE:
        return await asyncio.to_thread(function, *arguments)
    return function(*arguments)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _key_of(request: Request) -> str:
    """The API key, as MISP's clients send it, or as a bearer token."""
    given = request.headers.get("x-misp-auth") or request.headers.get("authorization") or ""
    return given.removeprefix("Bearer ").strip()
