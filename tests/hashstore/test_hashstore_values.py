"""From what a person pastes to the hashes of what MISP stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor_hashstore.portable.hashing import digest, digests, split, texts
from watchfloor_hashstore.portable.recognise import digests_of, extract, forms, kind, parts
from watchfloor_hashstore.portable.refang import refang

# One value of each kind that MISP writes in a form of its own, as MISP stores it.
STORED = [
    ("ip-dst", "198.51.100.7"), ("ip-src", "2001:db8::1"), ("domain", "evil.example"),
    ("domain", "xn--bcher-kva.example"), ("hostname", "www.evil.example"), ("url",
    "http://evil.example/A?b=C"),
    ("email-src", "eve@evil.example"), ("md5", "d41d8cd98f00b204e9800998ecf8427e"), ("AS", "64496"),
    ("mac-address", "aa:bb:cc:00:11:22"), ("phone-number", "+49301234567"), ("vulnerability",
    "CVE-2026-12345"),
    ("filename", "Invoice (1).exe"), ("filename|sha256", "a.exe|" + "ab" * 32), ("ip-dst|port",
    "198.51.100.7|443"),
    ("domain|ip", "evil.example|198.51.100.7"), ("regkey|value", "HKLM\\Run|evil"), ("text", "Grüne 世界"),
    ("x509-fingerprint-sha1", "ab" * 20), ("malware-sample", "b.exe|" + "cd" * 16), ("btc",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value"), STORED)
@pytest.mark.parametrize(
    "how", [str, str.upper, lambda value: f"  {value}\r\n"], ids=["same", "upper", "blanks"]
)
def test_what_is_stored_is_found(type_: str, value: str, how: Any) -> None:
    assert digest(value) in digests(type_, *split(type_, value))
    assert set(digests_of(how(value))) & digests(type_, *split(type_, value))


@pytest.mark.parametrize(
    ("pasted", "type_", "stored"),
    [
        ("hxxp://evil[.]example/A?b=C", "url", "http://evil.example/A?b=C"),
        ("hXXps[:]//evil[.]example", "url", "https://evil.example"),
        ("evil(dot)example", "domain", "evil.example"),
        ("evil.example.", "domain", "evil.example"),
        ("bücher.example", "domain", "xn--bcher-kva.example"),
        ("eve[at]evil[.]example", "email-dst", "eve@evil.example"),
        ("198[.]51[.]100[.]7", "ip-dst", "198.51.100.7"),
        ("198.51.100.7/32", "ip-src", "198.51.100.7"),
        ("2001:0DB8:0000::0001", "ip-dst", "2001:db8::1"),
        ("[2001:db8::1]", "ip-dst", "2001:db8::1"),
        ("2001:db8:0::1/128", "ip-dst", "2001:db8::1"),
        ("AA-BB-CC-00-11-22", "mac-address", "aa:bb:cc:00:11:22"),
        ("aabb.cc00.1122".replace(".", "-", 1).replace("-", "."), "text", "aabb.cc00.1122"),
        ("AS64496", "AS", "64496"),
        ("0049 (0)30 1234567", "phone-number", "+49301234567"),
        (":".join(["AB"] * 20), "x509-fingerprint-sha1", "ab" * 20),
        ("a \U0001f600 b", "text", "a ? b"),
        ("2001:DB8:0::1|443", "ip-dst|port", "2001:db8::1|443"),
    ],
)
def test_what_a_person_pastes_is_found(pasted: str, type_: str, stored: str) -> None:
    assert set(digests_of(pasted)) & digests(type_, *split(type_, stored))


def test_a_value_that_an_old_misp_stored_is_found_in_both_forms() -> None:
    assert set(texts("ip-dst", "2001:DB8:0:0::1")) == {"2001:db8::1", "2001:DB8:0:0::1"}
    assert set(texts("AS", "AS64496")) == {"64496", "AS64496"}


def test_ports_and_registry_data_are_no_values() -> None:
    assert texts("ip-dst|port", "198.51.100.7", "80") == ["198.51.100.7", "198.51.100.7|80"]
    assert texts("regkey|value", "HKLM\\Run", "1") == ["HKLM\\Run", "HKLM\\Run|1"]
    assert texts("port", "80") == []


def test_a_pipe_in_a_value_without_halves_is_a_part_of_it() -> None:
    assert split("text", "a|b") == ("a|b", "")
    assert texts("text", "a|b") == ["a|b"]


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(len(one) == 32 for one in digests_of(text)) or not text.strip()
    for function in (refang, kind, parts, extract, forms):
        function(text)
    if text.strip():
        assert digest(text) in digests_of(text)


@given(
    st.text(max_size=60), st.sampled_from(["ip-dst", "domain|ip", "AS", "phone-number", "mac-address", "md5"])
)
def test_every_stored_text_is_found_as_it_stands(text: str, type_: str) -> None:
    if text.strip() and "|" not in text:
        assert digest(text) in digests(type_, text)


def test_a_log_is_searched_for_indicators() -> None:
    log = (
        'Jan 1 fw: DROP src=198.51.100.7:4444 dst=203.0.113.9,[2001:db8::7] "GET hxxp://evil[.]example:8080/a.php"\n'
        "mail from <eve@bad.example>; sha256 " + "AB" * 32 + ", CVE-2026-1234.\n"
    )
    assert extract(log) == [
        "198.51.100.7", "203.0.113.9", "2001:db8::7", "http://evil.example:8080/a.php", "evil.example",
        "eve@bad.example", "bad.example", "AB" * 32, "CVE-2026-1234",
    ]  # fmt: skip


def test_parts_are_asked_for_on_request() -> None:
    assert "evil.example" in parts("https://user@evil.example/x#y")
    assert "198.51.100.0/24" in parts("198.51.100.7")
    assert len(parts("198.51.100.0/24")) == 256
    assert parts("evil.example") == []


# Invented, one for each type that events of real MISPs hold.
OF_EVENTS = {
    "AS": "64496", "authentihash": "ef" * 32, "bank-account-nr": "0123456789", "bic": "AURXDEFFXXX",
    "btc": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "cpe": "cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*",
    "date-of-birth": "1970-01-01", "datetime": "2026-01-02T03:04:05.000000+0000", "domain": "evil.example",
    "domain|ip": "evil.example|198.51.100.7", "email-attachment": "Invoice nr. 5.pdf",
    "email-dst": "eve@evil.example",
    "email-src": "Mallory@evil.example", "email-subject": "Your invoice, no. 5.1", "filename": "a b.exe",
    "filename|md5": "a.exe|" + "ab" * 16, "filename|sha1": "a.exe|" + "ab" * 20,
    "filename|sha256": "c:\\temp\\a.exe|" + "ab" * 32, "full-name": "Dr. Eve Example", "hex": "DEADBEEF",
    "hostname": "www.evil.example", "iban": "DE02120300000000202051", "imphash": "cd" * 16,
    "ip-dst": "198.51.100.7",
    "ip-dst|port": "198.51.100.7|4443", "ip-src": "2001:db8::7", "link": "https://blog.example/a?b=c#d",
    "malware-sample": "a.exe|" + "ab" * 16, "md5": "ab" * 16, "mime-type": "application/x-dosexec",
    "mutex": "Global\\x.1",
    "nationality": "Nobody's", "pdb": "d:\\work\\x.pdb", "pehash": "ab" * 20, "phone-number": "+49301234567",
    "port": "80", "regkey": "HKLM\\Software\\Run.1", "regkey|value": "HKLM\\Run|c:\\evil.exe",
    "sha1": "ab" * 20,
    "sha256": "ab" * 32, "sha512": "ab" * 64, "size-in-bytes": "4096",
    "snort": "alert tcp any any -> 198.51.100.7 80",
    "ssdeep": "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "target-machine": "PC-7.corp.example",
    "target-org": "Aurora Co.",
    "uri": "/a.php?b=c", "url": "http://evil.example:8080/A.php?b=C", "vulnerability": "CVE-2026-12345",
    "weakness": "CWE-79", "whois-registrant-email": "eve@evil.example",
    "whois-registrant-org": "Evil Ltd. of Nowhere",
    "whois-registrar": "Registrar, Ltd. d/b/a Names", "x509-fingerprint-sha256": "ab" * 32,
    "yara": "rule a { condition: true }",
}  # fmt: skip


def pasted(value: str) -> Iterator[str]:
    """A value as people write it in mails and reports."""
    yield value
    yield f" {value} "
    yield value.replace(".", "[.]")
    yield value.replace("http", "hxxp", 1).replace(".", "(.)")
    yield value.replace("://", "[:]//")


@pytest.mark.parametrize("type_", OF_EVENTS)
def test_what_events_hold_is_found_as_people_paste_it(type_: str) -> None:
    value = OF_EVENTS[type_]
    stored = digests(type_, *split(type_, value))
    for text in pasted(value):
        assert type_ == "port" or set(digests_of(text)) & stored, text
