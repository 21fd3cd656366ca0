"""MISP's attribute types: which have two halves, and how MISP writes a value of each."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable

Normaliser = Callable[[str], str]

_NOT_IN_PHONE = re.compile(r"[^+0-9]")
_MAC = re.compile(r"[0-9a-fA-F]{2}(?:[:.-]?[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(?:[:.-]?[0-9a-fA-F]{2}){7}")
_NOT_HEX = re.compile(r"[^0-9a-fA-F]")


def is_composite(type_: str) -> bool:
    """Whether a value of this type is two halves with a `|` between them."""
    return "|" in type_ or type_ == "malware-sample"


def address(value: str) -> str:
    """An IP address or network: compressed, and without the prefix length of a single address.

    >>> address("2001:0DB8:0:0::1/128"), address("198.51.100.7/32"), address("no address")
    ('2001:db8::1', '198.51.100.7', 'no address')
    """
    if ":" not in value or "%" in value:
        return value[:-3] if value.endswith("/32") else value
    host, slash, length = value.partition("/")
    try:
        found = ipaddress.IPv6Address(host)
    except ValueError:
        return value
    # Newer Pythons write the IPv4 address in it with dots: a hash must be the same with all of them.
    low = int(found) & 0xFFFFFFFF
    short = found.compressed if found.ipv4_mapped is None else f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
    return short if length in ("", "128") else f"{short}{slash}{length}"


def domain(value: str) -> str:
    """A domain: no dots around it, and punycode where it is not ASCII.

    >>> domain(".bücher.example.")
    'xn--bcher-kva.example'
    """
    bare = value.strip(".")
    if bare.isascii():
        return bare
    return ".".join(map(_punycode, bare.lower().split(".")))


def _punycode(label: str) -> str:
    try:
        return label.encode("idna").decode()
    except UnicodeError:  # with characters that are newer than the standard, or too long
        return unmapped(label)


def unmapped(label: str) -> str:
    """A part of a domain in punycode, with nothing mapped but case: `ß` stays, as it does in newer libraries.

    >>> unmapped("straße"), unmapped("example")
    ('xn--strae-oqa', 'example')
    """
    text = unicodedata.normalize("NFKC", label.lower())
    return text if text.isascii() else f"xn--{text.encode('punycode').decode()}"


def phone(value: str) -> str:
    """A phone number: digits, with `+` for leading zeros.

    >>> phone("0049 (0)30-1234")
    '+49301234'
    """
    bare = value.replace("(0)", "")
    return _NOT_IN_PHONE.sub("", "+" + bare[2:] if bare.startswith("00") else bare)


def mac(value: str) -> str:
    """A MAC or EUI-64 address: pairs with `:` between them.

    >>> mac("AA-BB-CC-00-11-22")
    'aa:bb:cc:00:11:22'
    """
    if not is_mac(value):
        return value
    digits = _NOT_HEX.sub("", value).lower()
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def is_mac(value: str) -> bool:
    """Whether it is a MAC or EUI-64 address, however it is written."""
    return _MAC.fullmatch(value) is not None


def system(value: str) -> str:
    """The number of an autonomous system, without `AS`.

    >>> system("AS64496")
    '64496'
    """
    return value[2:].strip() if value[:2].upper() == "AS" and value[2:].strip().isdigit() else value


def fingerprint(value: str) -> str:
    """A fingerprint of a certificate, without colons."""
    return value.replace(":", "")


_BY_TYPE: dict[str, Normaliser] = {
    **dict.fromkeys(("ip-src", "ip-dst", "ip"), address),
    **dict.fromkeys(("domain", "hostname"), domain),
    **dict.fromkeys(("phone-number", "whois-registrant-phone", "prtn"), phone),
    **dict.fromkeys(("mac-address", "mac-eui-64"), mac),
    **dict.fromkeys(
        ("x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256"), fingerprint
    ),
    "AS": system,
}
_NEVER_HASHED = frozenset({"port", "data"})


def normaliser(type_: str) -> Normaliser | None:
    """How MISP writes a value of a type without halves; None where only case and blanks matter."""
    return _BY_TYPE.get(type_)


def halves(type_: str) -> tuple[str, str]:
    """The types of both halves of a composite type; `port` and `data` are not looked up by themselves.

    >>> halves("ip-dst|port"), halves("malware-sample"), halves("regkey|value")
    (('ip-dst', 'port'), ('filename', 'md5'), ('regkey', 'data'))
    """
    if type_ == "malware-sample":
        return "filename", "md5"
    if type_ == "regkey|value":
        return "regkey", "data"
    first, _, second = type_.partition("|")
    return first, second


def is_hashed(half: str) -> bool:
    """Whether a half of this type is worth a lookup of its own: `80` would match everything."""
    return half not in _NEVER_HASHED
