"""Text of a feed on a terminal or in a log: nothing in it may move the cursor or forge a line."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """The text with everything that does not print spelt out, but for the characters of `keep`.

    >>> printable("red \\x1b[31m\\u202e"), printable("two\\nlines", keep="\\n")
    ('red \\\\x1b[31m\\\\u202e', 'two\\nlines')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)
