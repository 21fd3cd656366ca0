"""Values as people write them so that nobody clicks on them, back to what they mean."""

from __future__ import annotations

import re

_SCHEME = re.compile(
    r"^(?:h[tx]{2}p(s?)|f[tx]p(s?)|meow(s?))(?=\s*(?:\[:\]//|://|\[://\]|:\\\\|__|\[:/{2}\]))", re.IGNORECASE
)
_SEPARATOR = re.compile(r"\[:\]//|\[://\]|:\\\\|\[:/{2}\]|\[:\]|\(:\)")
_DOTS = r"(?:\[\.\]?|\(\.\)|\{\.\}|\\\.|\[dot\]|\(dot\)|\{dot\}|\.\])"
_ATS = r"(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})"
# Blanks on both sides were put in as well; on one side they belong to the text.
_DOT = re.compile(rf"\s+{_DOTS}\s+|{_DOTS}|\s+dot\s+", re.IGNORECASE)
_AT = re.compile(rf"\s+{_ATS}\s+|{_ATS}", re.IGNORECASE)
_SLASH = re.compile(r"\[/\]")
_MARK = re.compile(r"[\[({\\]|hxx|htx|fxp|meow| dot ")  # in lower case; without one there is nothing to do


def refang(text: str) -> str:
    """A value without what was put in to make it harmless.

    >>> refang("hxxps[:]//evil[.]example/a"), refang("eve(at)evil dot example"), refang("plain.example")
    ('https://evil.example/a', 'eve@evil.example', 'plain.example')
    """
    if not _MARK.search(text.lower()):
        return text
    text = _SLASH.sub("/", text)
    text = _SCHEME.sub(_scheme, text)
    text = _SEPARATOR.sub(lambda m: ":" if m[0] in ("[:]", "(:)") else "://", text)
    return _AT.sub("@", _DOT.sub(".", text))


def _scheme(match: re.Match[str]) -> str:
    word = match[0].lower()
    if word.startswith("f"):
        return "ftps" if match[2] else "ftp"
    return "https" if match[1] or match[3] else "http"
