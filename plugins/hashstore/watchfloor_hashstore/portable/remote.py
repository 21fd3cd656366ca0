"""Asking a server over HTTP: only hashes travel."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

from .answers import Answers
from .archive import ArchiveError
from .many import Hashes
from .questions import Questions


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the key is for the one who was named."""

    def redirect_request(self, *_: Any) -> None:
        """No other request."""


_open = urllib.request.build_opener(_Stay).open


class Remote:
    """A server's `/hashstore/lookup`, asked with an API key."""

    def __init__(self, url: str, key: str, timeout: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ArchiveError(f"'{url}' is no address of a server: it begins with http:// or https://")
        self._url = url.rstrip("/") + "/hashstore/lookup"
        self._key = key.strip()
        self._timeout = timeout

    def ask(self, questions: Iterable[Questions]) -> Iterator[Answers]:
        """The answers, in order. ArchiveError says what the server did not like."""
        for some in questions:
            yield some, self._hits(some.hashes)

    def _hits(self, hashes: Hashes) -> dict[int, Any]:
        asked: list[list[str]] = [[] for _ in range(hashes.values)]
        for digest, owner in zip(hashes.digests, hashes.owners):  # noqa: B905 (of Python 3.10)
            asked[owner].append(digest.hex())
        results = self._results({"hashes": asked}, len(asked))
        return {at: hits for at, hits in enumerate(results) if hits}

    def _results(self, body: dict[str, Any], count: int) -> list[list[dict[str, Any]]]:
        answer = self._post(body)
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != count:
            raise ArchiveError(f"{self._url} answers something else: is this Watchfloor's address?")
        return results

    def _post(self, body: dict[str, Any]) -> Any:
        headers = {"authorization": self._key, "content-type": "application/json", "content-encoding": "gzip"}
        data = gzip.compress(json.dumps(body).encode(), 1)
        request = urllib.request.Request(self._url, data, headers)  # noqa: S310 (checked above)
        try:
            with _open(request, timeout=self._timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ArchiveError(f"{self._url}: {_reason(error)}") from error
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", error)  # URLError puts words of its own around it
            raise ArchiveError(f"{self._url} does not answer: {why}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
