"""The words of a filter as it was typed, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPERATORS = frozenset({"AND", "OR", "NOT"})
_TOKEN = re.compile(
    r"""\s*(?:
        ([()])
        | (-)(?=[^\s)])
        | ([A-Za-z]+):
        | ("(?:[^"\\]|\\.)*")
        | (")
        | ([^\s()"]+(?:"[^"]*"[^\s()"]*)*)  # a tag such as misp-galaxy:threat-actor="APT 28" is one word
    )""",
    re.DOTALL | re.VERBOSE,
)


class FilterError(ValueError):
    """A filter makes no sense; the text is a sentence that names the place and what to write."""


class Token(NamedTuple):
    """One word of a filter, what it is, and where it stands."""

    kind: str  # "(", ")", "-", "field", "quoted", "word", "AND", "OR", "NOT", "end"
    text: str
    at: int  # counted from 1

    @property
    def written(self) -> str:
        """As it was typed."""
        return f"{self.text}:" if self.kind == "field" else self.text


def tokens(text: str) -> Iterator[Token]:
    """Every token, and at last one of the kind "end"; FilterError for a quotation mark that is not closed."""
    position, end = 0, len(text.rstrip())
    while position < end and (match := _TOKEN.match(text, position)):
        yield _token(match)
        position = match.end()
    yield Token("end", "", end + 1)


def _token(match: re.Match[str]) -> Token:
    bracket, minus, field, quoted, open_quote, word = match.groups()
    at = match.start(match.lastindex or 0) + 1
    if open_quote:
        raise FilterError(
            f'At character {at}: this quotation mark is not closed; add a " where the text ends.'
        )
    if bracket or minus:
        return Token(bracket or minus, bracket or minus, at)
    if field:
        return Token("field", field, at)
    if quoted:
        return Token("quoted", quoted[1:-1], at)
    return Token(word if word in _OPERATORS else "word", word, at)


def wrong(token: Token, what: str) -> FilterError:
    """The error that something is wrong at a token."""
    return FilterError(f"At character {token.at}: {what}.")
