"""The filter language: from what people type to a tree, and whether an item matches it.

`parse` makes the tree; browsers get it as JSON (`Tree.plain`) and decide on live items by the same rules
as `matches` (static/filter.js). docs/live.md describes the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

FIELDS: Mapping[str, tuple[str, ...]] = {
    "feed": ("feed",),
    "event": ("event", "event_id", "event_uuid"),
    "org": ("org",),
    "category": ("category",),
    "type": ("type",),
    "tag": ("tags",),
}
"""The fields of the language, and the texts of an item in which each looks."""
TEXT = ("value", "event", "comment")
"""The texts of an item in which a word without a field is looked for."""
IDS = frozenset({"event_id", "event_uuid"})
"""Texts that match as a whole only: 4 is not part of event 42."""
DEEPEST = 40  # parentheses and NOTs within each other
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


@dataclass(frozen=True)
class Has:
    """Some of these texts holds the pattern: `parts` in lower case, in order, with anything between them.

    `whole` when the pattern must match a text from its beginning to its end.
    """

    fields: tuple[str, ...]
    parts: tuple[str, ...]
    whole: bool = False

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["has", list(self.fields), list(self.parts), self.whole]


@dataclass(frozen=True)
class Is:
    """Whether the item is new, or was seen before."""

    new: bool

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["is", self.new]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    tree: Tree

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["not", self.tree.plain]


@dataclass(frozen=True)
class Every:
    """All of them; of none, any item."""

    trees: tuple[Tree, ...]

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["every", *(tree.plain for tree in self.trees)]


@dataclass(frozen=True)
class Some:
    """At least one of them."""

    trees: tuple[Tree, ...]

    @property
    def plain(self) -> list[Any]:
        """As JSON for browsers."""
        return ["some", *(tree.plain for tree in self.trees)]


Tree = Has | Is | Not | Every | Some
EVERYTHING = Every(())


class _Token(NamedTuple):
    kind: str  # "(", ")", "-", "field", "quoted", "word", "AND", "OR", "NOT", "end"
    text: str
    at: int  # counted from 1

    @property
    def written(self) -> str:
        """As it was typed."""
        return f"{self.text}:" if self.kind == "field" else self.text


def parse(text: str) -> Tree:
    """The tree of a filter; nothing but blanks lets everything through. FilterError if it makes no sense."""
    tokens = list(_tokens(text))
    if tokens[0].kind == "end":
        return EVERYTHING
    parser = _Parser(tokens)
    tree = parser.either(0)
    rest = parser.take()
    if rest.kind != "end":
        raise _wrong(rest, "this ')' closes nothing: remove it, or open a '(' before it")
    return tree


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end and (match := _TOKEN.match(text, position)):
        yield _token(match)
        position = match.end()
    yield _Token("end", "", end + 1)


def _token(match: re.Match[str]) -> _Token:
    bracket, minus, field, quoted, open_quote, word = match.groups()
    at = match.start(match.lastindex or 0) + 1
    if open_quote:
        raise FilterError(
            f'At character {at}: this quotation mark is not closed; add a " where the text ends.'
        )
    if bracket or minus:
        return _Token(bracket or minus, bracket or minus, at)
    if field:
        return _Token("field", field, at)
    if quoted:
        return _Token("quoted", quoted[1:-1], at)
    return _Token(word if word in _OPERATORS else "word", word, at)


def _wrong(token: _Token, what: str) -> FilterError:
    return FilterError(f"At character {token.at}: {what}.")


class _Parser:
    """Recursive descent over tokens: OR binds weakest, then AND, which may be left out, then NOT."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def ahead(self) -> _Token:
        """The token that comes next."""
        return self._tokens[self._next]

    def take(self) -> _Token:
        """The next token, and go on behind it."""
        token = self.ahead
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def either(self, depth: int) -> Tree:
        """Alternatives, joined by OR."""
        trees = [self.every(depth)]
        while self.ahead.kind == "OR":
            self.take()
            trees.append(self.every(depth))
        return trees[0] if len(trees) == 1 else Some(tuple(trees))

    def every(self, depth: int) -> Tree:
        """Conditions that hold together, joined by AND or by nothing."""
        trees = [self.opposite(depth)]
        while self.ahead.kind not in ("OR", ")", "end"):
            if self.ahead.kind == "AND":
                self.take()
            trees.append(self.opposite(depth))
        return trees[0] if len(trees) == 1 else Every(tuple(trees))

    def opposite(self, depth: int) -> Tree:
        """A condition, or the opposite of one."""
        if self.ahead.kind not in ("NOT", "-"):
            return self.condition(depth)
        return Not(self.opposite(self._deeper(self.take(), depth)))

    def condition(self, depth: int) -> Tree:
        """A field with its value, a word, a quoted text, or a filter in parentheses."""
        token = self.take()
        if token.kind == "(":
            return self._group(token, self._deeper(token, depth))
        if token.kind == "field":
            return self._field(token)
        if token.kind in ("word", "quoted"):
            return Has(TEXT, _parts(token))
        raise _wrong(token, _MISSING.get(token.kind, f"a word or a field must stand before {token.kind}"))

    def _group(self, opened: _Token, depth: int) -> Tree:
        tree = self.either(depth)
        if self.take().kind != ")":
            raise _wrong(opened, "this '(' is not closed; add a ')'")
        return tree

    def _field(self, token: _Token) -> Tree:
        name = token.text.lower()
        if name not in FIELDS and name != "is":
            return self._prefixed(token)
        value = self._value(token)
        if name == "is":
            return _is(value)
        return Has(FIELDS[name], _parts(value), whole=value.kind == "quoted")

    def _value(self, field: _Token) -> _Token:
        """What stands directly behind a field; a word may hold colons, as tags do."""
        value = self.ahead
        if value.at != field.at + len(field.text) + 1 or value.kind in ("(", ")", "end"):
            name = field.text.lower()
            raise _wrong(field, f"{name}: wants a value directly behind it, such as {name}:{_EXAMPLES[name]}")
        self.take()
        return value if value.kind == "quoted" else self._joined(value)

    def _joined(self, first: _Token) -> _Token:
        """Tokens with nothing between them as one word: `tlp:amber`, `-x`, `https://misp.example`."""
        text = first.written
        while self.ahead.kind not in ("(", ")", "quoted", "end") and self.ahead.at == first.at + len(text):
            text += self.take().written
        return _Token("word", text, first.at)

    def _prefixed(self, token: _Token) -> Tree:
        """A colon in a word that is no field, as in an address; but not a field that was misspelt."""
        close = get_close_matches(token.text.lower(), [*FIELDS, "is"], 1, 0.6)
        if close:
            raise _wrong(
                token,
                f"there is no field '{token.text[:20]}': write {close[0]}:, or quotation marks around a text",
            )
        return Has(TEXT, _parts(self._joined(token)))

    @staticmethod
    def _deeper(token: _Token, depth: int) -> int:
        if depth >= DEEPEST:
            raise _wrong(
                token, f"more than {DEEPEST} parentheses or NOTs stand within each other; write it flatter"
            )
        return depth + 1


_MISSING = {
    "end": "something is missing at the end: a word or a field",
    ")": "there is nothing before this ')': a word or a field must stand there",
}
_EXAMPLES = {
    "feed": "misp-main",
    "event": "phishing",
    "org": "CIRCL",
    "category": '"Network activity"',
    "type": "ip-dst",
    "tag": "tlp:green",
    "is": "new",
}


def _is(value: _Token) -> Is:
    kind = value.text.lower()
    if kind not in ("new", "seen"):
        raise _wrong(value, f"an attribute is:new or is:seen, not '{value.text[:20]}'")
    return Is(kind == "new")


def _parts(token: _Token) -> tuple[str, ...]:
    r"""The texts between the stars; in quotation marks `\*`, `\"` and `\\` stand for the character."""
    if token.kind != "quoted":
        return tuple(token.text.lower().split("*"))
    pieces = re.split(r'(\\[*"\\]|\*)', token.text)
    parts = [""]
    for piece in pieces:
        if piece == "*":
            parts.append("")
        else:
            parts[-1] += piece[1:] if re.fullmatch(r'\\[*"\\]', piece) else piece
    return tuple(part.lower() for part in parts)


def matches(tree: Tree, item: Mapping[str, Any]) -> bool:
    """Whether an item, as it goes to browsers, matches."""
    match tree:
        case Has():
            return any(_holds(tree, field, text) for field, text in _texts(item, tree.fields))
        case Is():
            return bool(item.get("new")) == tree.new
        case Not():
            return not matches(tree.tree, item)
        case Every():
            return all(matches(part, item) for part in tree.trees)
        case Some():
            return any(matches(part, item) for part in tree.trees)


def _texts(item: Mapping[str, Any], fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        if field == "tags":
            yield from ((field, str(tag[0])) for tag in item.get("tags", ()))
        else:
            yield field, str(item.get(field, ""))


def _holds(pattern: Has, field: str, text: str) -> bool:
    """Whether a text holds the parts in order, from end to end where the whole must match."""
    text, parts, position = text.lower(), pattern.parts, 0
    whole = pattern.whole or field in IDS
    if whole and len(parts) == 1:
        return text == parts[0]
    last = len(parts) - 1
    for i, part in enumerate(parts):
        found = text.rfind(part, position) if whole and i == last else text.find(part, position)
        if (
            found < 0
            or (whole and i == 0 and found != 0)
            or (whole and i == last and found + len(part) != len(text))
        ):
            return False
        position = found + len(part)
    return True


def quoted(text: str) -> str:
    """A text as the language quotes it, to be matched as it is."""
    return '"' + re.sub(r'([*"\\])', r"\\\1", text) + '"'
