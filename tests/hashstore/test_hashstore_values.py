"""From what a person pastes to the hashes of what MISP stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pasting import STORED, pasted

from watchfloor_hashstore.portable.hashing import digest, digests, split, texts
from watchfloor_hashstore.portable.recognise import MOST_FORMS, digests_of, extract, forms, kind, parts
from watchfloor_hashstore.portable.refang import refang


@pytest.mark.parametrize("type_", STORED)
def test_what_events_hold_is_found_as_people_paste_it(type_: str) -> None:
    for value in STORED[type_]:
        stored = digests(type_, *split(type_, value))
        assert type_ == "port" or digest(value) in stored
        missed = [text for text in pasted(type_, value) if not stored.intersection(digests_of(text))]
        assert missed == [] or type_ == "port", value


def test_every_type_that_real_events_hold_is_tried() -> None:
    assert len(STORED) == 70


@pytest.mark.parametrize(
    ("text", "type_", "stored"),
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
        ("aa:bb:cc:dd:ee:ff:00:11", "mac-eui-64", "aa:bb:cc:dd:ee:ff:00:11"),
        ("straße.example", "domain", "strasse.example"),
        ("STRASSE.example", "domain", "strasse.example"),
        ("straße.example", "domain", "xn--strae-oqa.example"),
        ("bücher.example.|198.51.100.7", "domain|ip", "xn--bcher-kva.example|198.51.100.7"),
        ("[2001:0DB8::1]:443", "ip-dst|port", "2001:db8::1|443"),
        ("evil[.]example:8443", "hostname|port", "evil.example|8443"),
        ("::ffff:198.51.100.7", "ip-dst", "::ffff:198.51.100.7"),
        ("::FFFF:C633:6407", "ip-dst", "::ffff:198.51.100.7"),
        ('("<http://evil.example/>"),', "url", "http://evil.example/"),
        ("e\u00advil.\u200bexample", "domain", "evil.example"),
        ("a\nb", "text", "a\r\nb"),
        ("AS64496", "AS", "64496"),
        ("0049 (0)30 1234567", "phone-number", "+49301234567"),
        (":".join(["AB"] * 20), "x509-fingerprint-sha1", "ab" * 20),
        ("a \U0001f600 b", "text", "a ? b"),
        ("2001:DB8:0::1|443", "ip-dst|port", "2001:db8::1|443"),
    ],
)
def test_what_a_person_pastes_is_found(text: str, type_: str, stored: str) -> None:
    assert set(digests_of(text)) & digests(type_, *split(type_, stored))


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


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"url":"http://a.example/x","ip":"198.51.100.7","to":"hxxps://b[.]example/y"}',
         ["http://a.example/x", "a.example", "198.51.100.7", "https://b.example/y", "b.example"]),
        ("2026-01-01,http://a.example/x,198.51.100.7,bad",
         ["http://a.example/x,198.51.100.7,bad", "a.example", "http://a.example/x", "198.51.100.7"]),
        ("http://a.example/x,http://b.example/y",
         ["http://a.example/x", "a.example", "http://b.example/y", "b.example"]),
        ("src:198.51.100.7:4444 dst=[2001:db8::7]:443", ["198.51.100.7", "2001:db8::7"]),
        ("md5:" + "ab" * 16 + " mailto:eve@evil.example", ["ab" * 16, "eve@evil.example", "evil.example"]),
        ("\ufeffevil.example 00:11:22:33:44:55", ["evil.example", "00:11:22:33:44:55"]),
        ("x" * 4090 + " host12.evil.example", ["host12.evil.example"]),
        ("999.1.1.1 198.51.100.007 fe80::1%eth0 1.2.3.4/33", []),
    ],
)  # fmt: skip
def test_lines_of_all_sorts_are_searched(line: str, found: list[str]) -> None:
    assert extract(line) == found


@pytest.mark.parametrize(
    "text",
    ["[" + " " * 130_000 + "x", "hxtp" + " " * 130_000, "(" + " dot" * 30_000, "." * 130_000 + "x",
     "a." * 65_000, "ü." * 65_000, "http://" + "a," * 65_000, "http://a," * 15_000, "00" + "1 " * 65_000,
     "[" * 130_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_no_value_takes_for_ever(text: str) -> None:
    """With the square of its length a single one of these would take minutes, and hold up all who ask."""
    for function in (digests_of, kind, parts, extract):
        function(text)


def test_what_is_longer_than_misp_has_room_for_is_taken_as_it_is() -> None:
    assert forms("evil[.]example" + "x" * 200_000) == ["evil[.]example" + "x" * 200_000]
    assert len(forms("'(\"<0049 (0)30 1234567>\")',")) <= MOST_FORMS


def test_parts_are_asked_for_on_request() -> None:
    assert "evil.example" in parts("https://user@evil.example/x#y")
    assert "198.51.100.0/24" in parts("198.51.100.7")
    assert len(parts("198.51.100.0/24")) == 256
    assert parts("evil.example") == []
    assert parts("198.51.100.7:443") == ["198.51.100.7"]
    assert parts("[2001:db8::1]:443") == ["2001:db8::1"]
