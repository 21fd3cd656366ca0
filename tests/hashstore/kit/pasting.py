"""Invented values of every type that events of real MISPs hold, and how people paste such values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import product

from watchfloor_hashstore.portable.hashing import split
from watchfloor_hashstore.portable.types import halves, is_composite, is_hashed

V6 = "2001:db8::7:0:1"
# As MISP stores them.
STORED = {
    "AS": ["64496"],
    "attachment": ["Report (final).pdf"],
    "authentihash": ["ef" * 32],
    "bank-account-nr": ["0123456789"],
    "bic": ["AURXDEFFXXX"],
    "btc": ["1BoatSLRHtKNngkdXEeobR76b53LETtpyT"],
    "comment": ["Seen at evil.example, v. 1.2"],
    "counter": ["4"],
    "cpe": ["cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*"],
    "date-of-birth": ["1970-01-01"],
    "datetime": ["2026-01-02T03:04:05.000000+0000", "2026-01-02 03:04:05"],
    "domain": ["evil.example", "xn--bcher-kva.example", "time.servehttp.example"],
    "domain|ip": ["evil.example|198.51.100.7", f"evil.example|{V6}"],
    "email-attachment": ["Invoice nr. 5.pdf"],
    "email-body": ["Dear all,\r\n\r\nlook at http://evil.example/a.php?b\r\nat once.\r\n"],
    "email-dst": ["eve@evil.example"],
    "email-dst-display-name": ["Eve_Example"],
    "email-header": ["Received: from mx.evil.example\r\nReceived: from 198.51.100.7"],
    "email-src": ["mallory@evil.example"],
    "email-src-display-name": ["Mallory, Ltd."],
    "email-subject": ["Your invoice, no. 5.1", "Grünes Blatt"],
    "filename": ["a b.exe", "c:\\temp\\a.exe", "Лист.docx"],
    "filename|md5": ["a.exe|" + "ab" * 16],
    "filename|sha1": ["~1|" + "ab" * 20],
    "filename|sha256": ["c:\\temp\\a.exe|" + "ab" * 32],
    "first-name": ["Eve"],
    "float": ["4.25"],
    "full-name": ["Dr. Eve Example"],
    "gender": ["Female"],
    "hex": ["DEADBEEF"],
    "hostname": ["www.evil.example"],
    "iban": ["DE02120300000000202051"],
    "imphash": ["cd" * 16],
    "ip-dst": ["198.51.100.7", V6, "198.51.100.0/24", "2001:db8::/48"],
    "ip-dst|port": ["198.51.100.7|4443", f"{V6}|4443"],
    "ip-src": ["203.0.113.9", "::ffff:c633:6407"],
    "last-name": ["Example"],
    "link": ["https://blog.example/a?b=c#d"],
    "malware-sample": ["a.exe|" + "ab" * 16],
    "md5": ["0b" * 16],
    "mime-type": ["application/x-dosexec", "ASCII text, with CRLF line terminators"],
    "mutex": ["Global\\x.1", "MSO~4"],
    "nationality": ["Nobody's"],
    "other": ["Value to test"],
    "pdb": ["d:\\work\\x.pdb"],
    "pehash": ["ab" * 20],
    "phone-number": ["+49301234567", "18005550100"],
    "port": ["80"],
    "regkey": ["HKLM\\Software\\Run.1", "%APPDATA%\\microsoft\\"],
    "regkey|value": ["HKLM\\Run|c:\\evil.exe"],
    "sha1": ["a1" * 20],
    "sha256": ["a2" * 32],
    "sha512": ["a5" * 64],
    "size-in-bytes": ["4096"],
    "snort": ['alert tcp any any -> 198.51.100.7 80 (msg:"evil - www.evil.example"; sid:1;)'],
    "ssdeep": ["3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"],
    "target-external": ["Aurora"],
    "target-location": ["LU"],
    "target-machine": ["PC-7.corp.example"],
    "target-org": ["Aurora Co."],
    "text": ["http", "36", "[a.b]", "Grüne Welt", "a|b", '<a href="http://evil.example/">'],
    "uri": ["/a.php?b=c"],
    "url": ["http://evil.example:8080/A.php?b=C", "https://198.51.100.7/", "data/dtl.dat"],
    "vulnerability": ["CVE-2026-12345"],
    "weakness": ["CWE-79"],
    "whois-registrant-email": ["eve@evil.example"],
    "whois-registrant-org": ["Evil Ltd. of Nowhere"],
    "whois-registrar": ["Registrar, Ltd. d/b/a Names"],
    "x509-fingerprint-sha256": ["ab" * 32],
    "yara": ['import "pe"\r\n\r\nrule a {\r\n  condition: true // http://rules.example/\r\n}'],
}
_DOTS = ("[.]", "(.)", "{.}", "[.", ".]", "[dot]", "(DOT)", "{dot}", "\\.", " [.] ")
_ATS = ("[at]", "(at)", "{@}", "[@]", " (at) ", " [AT] ")
_WITHIN = re.compile(r"(?<=\S)\.(?=\S)")


def pasted(type_: str, value: str) -> Iterator[str]:
    """A stored value as people paste it: the whole, and each half that is looked up by itself."""
    yield from _around(value)
    yield from _defanged(value)
    if is_composite(type_):
        yield from _halves(type_, *split(type_, value))
    yield from _written(type_, value)


def _halves(type_: str, first: str, second: str) -> Iterator[str]:
    for half, text in zip(halves(type_), (first, second), strict=True):
        yield from pasted(half, text) if is_hashed(half) else ()
    if type_.endswith("|port"):
        yield f"[{first}]:{second}" if ":" in first else f"{first}:{second}"


def _around(value: str) -> Iterator[str]:
    yield from (value, value.upper(), f"  {value}\t\r\n", f"\ufeff{value}", f"\u200b{value}\u200b")
    yield from (f'"{value}",', f"'{value}'", f"<{value}>;", f"({value})", f"[{value}]", f"“{value}”")
    yield value.replace("\r\n", "\n")


def _defanged(value: str) -> Iterator[str]:
    for dot in _DOTS:
        yield _WITHIN.sub(lambda _, dot=dot: dot, value)  # type: ignore[misc]
    yield "[.]".join(value.rsplit(".", 1))
    for scheme, separator in product(("hxxp", "hXXp", "h[tt]p", "HXXP"), ("://", "[:]//", "[://]", ":[//]")):
        hidden = value.replace("http", scheme).replace("://", separator)
        yield from (hidden if "://" in value else value, hidden.replace(".", "[.]"))
    yield value.replace("http", "meow", 1) if value.startswith("http://") else value
    for at in _ATS:
        yield value.replace("@", at).replace(".", "[.]")


def _written(type_: str, value: str) -> Iterator[str]:
    """Ways of writing that belong to a type."""
    if type_ in ("domain", "hostname"):
        yield from (
            f"{value}.",
            f".{value}",
            value.encode().decode("idna"),
            f"{value.encode().decode('idna')}.",
        )
    if type_.startswith("ip-") and ":" in value and not is_composite(type_):
        yield from _long(*value.partition("/"))
    elif type_.startswith("ip-") and "/" not in value and not is_composite(type_):
        yield f"{value}/32"
    if type_.startswith(("email-src", "email-dst", "whois-registrant-email")) and "@" in value:
        yield value.replace("@", " at ").replace(".", " dot ")
    yield from {
        "AS": (f"AS{value}", f"as {value}"),
        "iban": (" ".join(re.findall(".{1,4}", value)), value.lower()),
        "phone-number": _phones(value),
        "x509-fingerprint-sha256": (":".join(re.findall("..", value)).upper(),),
    }.get(type_, ())


def _long(host: str, slash: str, length: str) -> Iterator[str]:
    long = IPv6Address(host).exploded
    yield from (f"{long}{slash}{length}", f"{long.upper()}{slash}{length}")
    yield from () if slash else (f"[{host}]", f"{host}/128", f"[{long}]")


def _phones(value: str) -> tuple[str, ...]:
    if value.startswith("+49"):
        return (
            f"0049 (0){value[3:5]} {value[5:]}",
            f"{value[:3]} {value[3:5]}-{value[5:]}",
            f"+49 / {value[3:]}",
        )
    return (f"{value[0]}-{value[1:4]}-{value[4:7]}-{value[7:]}", f"{value[0]} ({value[1:4]}) {value[4:]}")
