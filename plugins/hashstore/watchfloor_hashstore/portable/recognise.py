"""What a person pastes: the forms under which MISP may have stored it, and the indicators in a text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from .hashing import digest
from .pasted import PLACE, otherwise, seen, with_other_ends, within
from .refang import refang
from .types import address, domain, fingerprint, is_mac, mac, phone, system, unmapped

MOST_FORMS = 16  # of a value; few have more than two
_LONGEST_SHORT = 200
_LONGEST_VALUE = 2**17  # characters, of which MISP has room for no more
_MOST_ADDRESSES = 256  # of a network that are asked for one by one
# The bulk of what is asked for: names, IPv4 addresses, hashes; URLs; pairs, and names with dashes that are no
# MAC address and no phone number. There is nothing to refang in them, and nothing that MISP writes in
# another way.
AS_IT_IS = (
    r"(?!00\d|as\d|.*(?:h(?:xx|xt|tx)p|fxp|meow))(?:"
    r"[a-z0-9][a-z0-9._@]*(?<=[a-z0-9])|"
    r"https?://[a-z0-9!$&*+,./:;=?@_~%#-]*(?<=[a-z0-9/=])|"
    r"(?!(?:[a-f0-9]{2}[.-]?){5,8}$|[0-9-]+$)[a-z0-9][a-z0-9._@-]*(?:(?<!\.)\|[a-z0-9._@|-]*)?(?<=[a-z0-9]))"
)
_AS_IT_IS = re.compile(AS_IT_IS, re.IGNORECASE | re.ASCII)
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_SHORT = 256  # characters of a word whose indicators are remembered
_PHONE = re.compile(r"(?:\+[ (]{0,2}|00)[0-9][0-9 ()/.-]{5,}")
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){15,31}")
_HASH = re.compile(r"[0-9a-fA-F]+")
_KINDS_OF_HASH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_DOMAIN = re.compile(
    r"(?=.{4,253}$)(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.|_[\w-]{1,62}\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59})\.?",
    re.I,
)
_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]]{1,64}@([^\s@<>\"',;:()\[\]]{3,255})")
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>`]+", re.IGNORECASE)
_URL_WITHIN = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>`]+?(?=[,;|][a-z][a-z0-9+.-]{1,20}://|[\s\"'<>`]|$)", re.IGNORECASE
)
_COLUMN = re.compile(r"[,;|]")
_TOKEN = re.compile(r"[^\s\"'<>`,;|=(){}]+")
_WITHIN = re.compile(r"(?<=\[)[0-9a-f:.]+(?=\])|[^:\[\]]+", re.IGNORECASE)  # host and port, name and value
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'\""


def forms(text: str) -> list[str]:
    """The texts under which a value may be stored, as it stands first: refanged, and written as MISP does.

    >>> forms("evil[.]example")
    ['evil[.]example', 'evil.example']
    >>> forms("AS64496")
    ['AS64496', '64496']
    """
    stripped = text.strip()
    if len(stripped) > _LONGEST_VALUE:
        return [stripped]
    found = dict.fromkeys(form for one in (stripped, *within(stripped)) for form in (one, refang(one)))
    for plain in filter(None, list(found)):
        found.update(dict.fromkeys(_rewritten(plain)))
    return [form for form in found if form][:MOST_FORMS]


def _rewritten(plain: str) -> Iterator[str]:
    if not plain.isascii():
        yield _BEYOND_BMP.sub("?", plain)
        if _DOMAIN.fullmatch(plain):
            yield domain(plain)
            yield ".".join(map(unmapped, plain.strip(".").split(".")))
    elif plain[0] == "." or plain[-1] == ".":
        yield domain(plain)
    yield from with_other_ends(plain)
    if len(plain) <= _LONGEST_SHORT:
        yield from _short(plain)


def _short(plain: str) -> Iterator[str]:
    """What has a form of its own is never long."""
    yield _as_address(plain)
    yield system(plain)
    if ":" in plain or "-" in plain:
        yield mac(plain)
    if _FINGERPRINT.fullmatch(plain):
        yield fingerprint(plain)
    if _PHONE.fullmatch(plain):
        yield phone(plain)
    if "|" in plain:
        yield "|".join(map(_half, plain.split("|", 1)))
    yield from otherwise(plain)


def _half(half: str) -> str:
    return domain(half) if _DOMAIN.fullmatch(half) else _as_address(half)


def _as_address(plain: str) -> str:
    return address(plain.removeprefix("[").removesuffix("]") if plain[:1] == "[" and ":" in plain else plain)


def digests_of(text: str) -> list[bytes]:
    """The hashes under which a value may be stored, 32 bytes each; most values have one."""
    if _AS_IT_IS.fullmatch(text):
        return [digest(text)]
    return list(dict.fromkeys(digest(form) for form in forms(text)))


def parts(text: str) -> list[str]:
    """What else a value holds that may be known: of a URL, a composite, an e-mail or a network address.

    >>> parts("http://evil.example:8080/a?b=c")
    ['http://evil.example:8080/a', 'evil.example:8080', 'evil.example|8080', 'evil.example']
    >>> parts("a.exe|d41d8cd98f00b204e9800998ecf8427e")
    ['a.exe', 'd41d8cd98f00b204e9800998ecf8427e']
    """
    plain = refang(text.strip())
    found = dict.fromkeys(_parts(plain))
    found.pop(plain, None)
    return [part for part in found if part]


def _parts(plain: str) -> Iterator[str]:
    if "://" in plain:
        yield from _parts_of_url(plain)
    elif "|" in plain:
        first, _, second = plain.partition("|")
        yield first
        if not second.isdigit():
            yield second
    elif match := _EMAIL.fullmatch(plain):
        yield match[1]
    elif match := PLACE.fullmatch(plain):
        yield match[1].strip("[]")
    else:
        yield from _around(plain)


def _parts_of_url(url: str) -> Iterator[str]:
    yield re.split(r"[?#]", url, maxsplit=1)[0]
    place = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    yield place
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit():
        yield f"{host.strip('[]')}|{port}"
        yield host.strip("[]")
    else:
        yield place.strip("[]")


def _around(plain: str) -> Iterator[str]:
    """The networks that an address is in; the addresses that a small network has."""
    try:
        network = ipaddress.ip_network(plain, strict=False)
    except ValueError:
        return
    if "/" not in plain:
        step = 8 if network.version == 6 else 1
        lengths = range(network.max_prefixlen - step, 7, -step)
        yield from (str(network.supernet(new_prefix=length)) for length in lengths)
    elif network.num_addresses <= _MOST_ADDRESSES:
        yield from map(str, network)


def kind(text: str) -> str:
    """What a value looks like, in MISP's words; "" for nothing in particular.

    >>> kind("hxxp://evil[.]example/"), kind("198.51.100.7"), kind("d41d8cd98f00b204e9800998ecf8427e")
    ('url', 'ip', 'md5')
    """
    plain = refang(text.strip())
    if _HASH.fullmatch(plain) and len(plain) in _KINDS_OF_HASH:
        return _KINDS_OF_HASH[len(plain)]
    if _URL.fullmatch(plain):
        return "url"
    if _EMAIL.fullmatch(plain):
        return "email"
    if _CVE.fullmatch(plain):
        return "vulnerability"
    if _is_address(plain):
        return "ip"
    if ":" in plain and is_mac(plain):
        return "mac-address"
    return "domain" if _DOMAIN.fullmatch(plain) else ""


def _is_address(plain: str) -> bool:
    if plain.count(".") != 3 and plain.count(":") < 2:
        return False
    try:
        ipaddress.ip_network(plain.strip("[]"), strict=False)
    except ValueError:
        return False
    return (plain.count(".") == 3 or plain.count(":") > 1) and "%" not in plain


def extract(text: str) -> list[str]:
    """The indicators in a log, a mail or any other text, refanged, each once, in order.

    >>> extract("GET hxxp://evil[.]example/x.php from 198.51.100[.]7, sent by <eve@evil.example>.")
    ['http://evil.example/x.php', 'evil.example', '198.51.100.7', 'eve@evil.example']
    """
    found: dict[str, None] = {}
    for line in text.splitlines():
        found.update(dict.fromkeys(_indicators(line)))
    return list(found)


def _indicators(line: str) -> Iterator[str]:
    for word in seen(line).split():
        yield from _of_short(word) if len(word) <= _SHORT else _of_word(word)


@lru_cache(maxsize=1 << 15)
def _of_short(word: str) -> tuple[str, ...]:
    """Likewise; most words of a log stand in it over and over again."""
    return _of_word(word)


def _of_word(word: str) -> tuple[str, ...]:
    """The indicators in a word."""
    found = []
    for token in _tokens(refang(word)):
        bare = token.strip("'\"<>()[]{}").rstrip(_TRAILING)
        if not bare or not kind(bare):
            continue
        found.append(bare)
        if "://" in bare or "@" in bare:
            found += [part for part in parts(bare) if kind(part) in ("ip", "domain")]
    return tuple(found)


def _tokens(word: str) -> Iterator[str]:
    """The URLs in a word, and what stands between the punctuation of all the rest.

    What follows a comma may be a part of the URL, or the next column of a table.
    """
    at = 0
    while match := _URL_WITHIN.search(word, at):
        yield from _pieces(word[at : match.start()])
        yield match[0]
        if cut := _COLUMN.search(match[0]):
            yield match[0][: cut.start()]
        at = match.start() + cut.end() if cut else match.end()
    yield from _pieces(word[at:])


def _pieces(word: str) -> Iterator[str]:
    for token in _TOKEN.findall(word):
        yield token
        if ":" in token and not kind(token):
            yield from _WITHIN.findall(token)
