"""Values as people write them so that nobody clicks on them, back to what they mean."""

from __future__ import annotations

import re

# Tools write `hxxp` wherever they find `http`, in names as well; the others stand before an address alone.
_HXXP = re.compile(r"hxxp|h\[tt\]p", re.IGNORECASE)
_SCHEME = re.compile(
    r"\b(?:h[tx]{2}p(s?)|f[tx]p(s?)|meow(s?))(?=\s{0,8}(?:\[:\]//|://|\[://\]|:\\\\|__))", re.IGNORECASE
)
_SEPARATOR = re.compile(r"\[:\]//|\[://\]|:\\\\|\[:\]|\(:\)")
_DOTS = r"(?:\[\.\]?|\(\.\)|\{\.\}|\\\.|\[dot\]|\(dot\)|\{dot\}|\.\])"
_ATS = r"(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})"
# Blanks on both sides were put in as well; on one side they belong to the text. So many at most: without an
# end to them, each of a million blanks would be looked at a million times.
_SOME = r"\s{1,8}"
_DOT = re.compile(rf"{_SOME}{_DOTS}{_SOME}|{_DOTS}|{_SOME}dot{_SOME}", re.IGNORECASE)
_AT = re.compile(rf"{_SOME}{_ATS}{_SOME}|{_ATS}", re.IGNORECASE)
_SLASH = re.compile(r"\[(//?)\]")
_MARK = re.compile(r"[\[\]({\\]|hxx|hxt|htx|fxp|meow| dot ")  # in lower case; without one all is well


def refang(text: str) -> str:
    """A value without what was put in to make it harmless.

    >>> refang("hxxps[:]//evil[.]example/a"), refang("eve(at)evil dot example"), refang("plain.example")
    ('https://evil.example/a', 'eve@evil.example', 'plain.example')
    """
    if not _MARK.search(text.lower()):
        return text
    text = _HXXP.sub("http", _SLASH.sub(r"\1", text))
    text = _SCHEME.sub(_scheme, text)
    text = _SEPARATOR.sub(lambda m: ":" if m[0] in ("[:]", "(:)") else "://", text)
    return _AT.sub("@", _DOT.sub(".", text))


def _scheme(match: re.Match[str]) -> str:
    word = match[0].lower()
    if word.startswith("f"):
        return "ftps" if match[2] else "ftp"
    return "https" if match[1] or match[3] else "http"
