"""From what people type to the tree that it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from watchfloor_activity.filters.tokens import Token, tokens, wrong
from watchfloor_activity.filters.tree import EVERYTHING, FIELDS, TEXT, Every, Has, Is, Not, Some, Tree

DEEPEST = 40  # parentheses and NOTs within each other


def parse(text: str) -> Tree:
    """The tree of a filter; nothing but blanks lets everything through. FilterError if it makes no sense."""
    found = list(tokens(text))
    if found[0].kind == "end":
        return EVERYTHING
    parser = _Parser(found)
    tree = parser.either(0)
    rest = parser.take()
    if rest.kind != "end":
        raise wrong(rest, "this ')' closes nothing: remove it, or open a '(' before it")
    return tree


class _Parser:
    """Recursive descent over tokens: OR binds weakest, then AND, which may be left out, then NOT."""

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._next = 0

    @property
    def ahead(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._next]

    def take(self) -> Token:
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
        raise wrong(token, _MISSING.get(token.kind, f"a word or a field must stand before {token.kind}"))

    def _group(self, opened: Token, depth: int) -> Tree:
        tree = self.either(depth)
        if self.take().kind != ")":
            raise wrong(opened, "this '(' is not closed; add a ')'")
        return tree

    def _field(self, token: Token) -> Tree:
        name = token.text.lower()
        if name not in FIELDS and name != "is":
            return self._prefixed(token)
        value = self._value(token)
        if name == "is":
            return _is(value)
        return Has(FIELDS[name], _parts(value), whole=value.kind == "quoted")

    def _value(self, field: Token) -> Token:
        """What stands directly behind a field; a word may hold colons, as tags do."""
        value = self.ahead
        if value.at != field.at + len(field.text) + 1 or value.kind in ("(", ")", "end"):
            name = field.text.lower()
            raise wrong(field, f"{name}: wants a value directly behind it, such as {name}:{_EXAMPLES[name]}")
        self.take()
        return value if value.kind == "quoted" else self._joined(value)

    def _joined(self, first: Token) -> Token:
        """Tokens with nothing between them as one word: `tlp:amber`, `-x`, `https://misp.example`."""
        text = first.written
        while self.ahead.kind not in ("(", ")", "quoted", "end") and self.ahead.at == first.at + len(text):
            text += self.take().written
        return Token("word", text, first.at)

    def _prefixed(self, token: Token) -> Tree:
        """A colon in a word that is no field, as in an address; but not a field that was misspelt."""
        close = get_close_matches(token.text.lower(), [*FIELDS, "is"], 1, 0.6)
        if close:
            raise wrong(
                token,
                f"there is no field '{token.text[:20]}': write {close[0]}:, or quotation marks around a text",
            )
        return Has(TEXT, _parts(self._joined(token)))

    @staticmethod
    def _deeper(token: Token, depth: int) -> int:
        if depth >= DEEPEST:
            raise wrong(
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


def _is(value: Token) -> Is:
    kind = value.text.lower()
    if kind not in ("new", "seen"):
        raise wrong(value, f"an attribute is:new or is:seen, not '{value.text[:20]}'")
    return Is(kind == "new")


def _parts(token: Token) -> tuple[str, ...]:
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
