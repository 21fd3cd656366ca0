"""Text of a feed on its way out: on a terminal, in a log, in what is sent to a browser."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """The text with everything that does not print spelt out, but for the characters of `keep`.

    Nothing in it moves a terminal's cursor or forges a line of a log.

    >>> printable("red \\x1b[31m\\u202e"), printable("two\\nlines", keep="\\n")
    ('red \\\\x1b[31m\\\\u202e', 'two\\nlines')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)


def encodable(text: str) -> str:
    """The text with U+FFFD for what is no character: names in an old database may be no UTF-8.

    >>> encodable("org \\udcff") == "org \\ufffd\\ufffd\\ufffd", encodable("Žižkov")
    (True, 'Žižkov')
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
