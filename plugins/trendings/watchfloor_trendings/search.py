"""Searching labels: as you type, and as a page for browsers without JavaScript."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchfloor import Ask, Option, View, ask, page
from watchfloor_trendings.asked import MOST_FOLLOWED, counts_of
from watchfloor_trendings.counts import Counts, Period
from watchfloor_trendings.keys import LISTS
from watchfloor_trendings.labels import fold

MOST = 20  # labels that a search finds
LONGEST = 200  # characters of what is searched
_AT_ONCE = 20_000  # labels looked at before others have their turn

KIND = Option("kind", "What to search.", choices=tuple(LISTS))
TEXT = Option("q", "A part of the label; case and accents do not matter.")
_OWN = (KIND.name, TEXT.name)


@dataclass(frozen=True)
class Found:
    """A label, and its count in the range."""

    label: str
    count: int


async def search(counts: Counts, period: Period, text: str, most: int = MOST) -> list[Found]:
    """The labels of these days that contain a text, the most counted first."""
    sums, wanted = counts.sums(period), fold(text)
    found: list[Found] = []
    for begin in range(0, len(sums), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(sums))
        for number, label in enumerate(counts.labels.folded(begin, end), begin):
            if wanted in label and sums[number] > 0:
                found.append(Found(counts.labels.texts[number], int(sums[number])))
        found = heapq.nsmallest(most, found, key=lambda f: (-f.count, f.label))
        await asyncio.sleep(0)
    return found


async def _answer(request: Request) -> tuple[Ask, str, str, list[Found] | View]:
    asked = ask(request, KIND, TEXT)
    kind, text = asked.option("kind", "events"), asked.option("q").strip()
    if len(text) > LONGEST:
        raise HTTPException(400, f"A search has at most {LONGEST} characters.")
    period = Period(asked.start, asked.end)
    counts = await counts_of(asked, kind, (period,))
    return asked, kind, text, counts if isinstance(counts, View) else await search(counts, period, text)


async def search_json(request: Request) -> Response:
    """`/trendings/search.json?kind=events&q=...`: labels of the range and their counts.

    `reading` says why there are none yet.
    """
    _, kind, text, found = await _answer(request)
    reading = found.empty if isinstance(found, View) else ""
    labels = [] if isinstance(found, View) else [{"label": f.label, "count": f.count} for f in found]
    answer = {"kind": kind, "q": text, "labels": labels, "reading": reading}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


async def search_page(request: Request) -> Response:
    """The same as a page, whose links lead back with the label followed."""
    _, kind, text, found = await _answer(request)
    others = [(name, value) for name, value in request.query_params.multi_items() if name not in _OWN]
    labels = [] if isinstance(found, View) else found
    return await page(
        request,
        f"Follow {kind}",
        template="trendings/search.html",
        kind=kind,
        kinds=tuple(LISTS),
        text=text,
        reading=found.empty if isinstance(found, View) else "",
        found=[(f, followed_address(others, kind, f.label)) for f in labels],
        back=f"/trendings/?{urlencode(others)}",
        others=others,
    )


def followed_address(pairs: Iterable[tuple[str, str]], kind: str, label: str) -> str:
    """The address of the page that follows a label as well, and the last of the others.

    >>> followed_address([("last", "7d"), ("follow_tags", "a")], "tags", "b c")
    '/trendings/?last=7d&follow_tags=a&follow_tags=b+c'
    """
    name = f"follow_{kind}"
    pairs = list(pairs)
    before = [value for n, value in pairs if n == name and value != label][-(MOST_FOLLOWED - 1) :]
    rest = [(n, value) for n, value in pairs if n != name]
    return f"/trendings/?{urlencode([*rest, *((name, value) for value in (*before, label))])}"
