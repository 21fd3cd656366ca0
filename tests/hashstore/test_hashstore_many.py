"""Many values at once: the same as one by one."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import uuid
from pathlib import Path

import pytest
from asking import apart
from hypothesis import example, given
from hypothesis import strategies as st

from watchfloor_hashstore.exporting import _checksum, _index, write
from watchfloor_hashstore.layout import place
from watchfloor_hashstore.portable import archive, many
from watchfloor_hashstore.portable.archive import Archive, identified
from watchfloor_hashstore.portable.hashing import digest
from watchfloor_hashstore.portable.many import gathered, hashes_of
from watchfloor_hashstore.portable.recognise import digests_of, forms
from watchfloor_hashstore.shards import by_shard

# What may make a value one that is written in another way, and what surrounds that.
PIECES = [
    *"as019fxhtpZ.-_@|:/?# =+([\\\n\t\u212aéß\U0001f600", "AS", "as", "dot", " dot ", "meow", "hxx", "htx",
    "fxp", "http://", "https://", "00", "ab", "CD", "12", "[.]", "/32",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
PAIRS_OF_HEX = st.lists(st.sampled_from(["0a", "1B", "-", ".", ":", "-9c", ".dd", "|"]), max_size=18).map(
    "".join
)


@given(st.lists(TEXTS | PAIRS_OF_HEX | st.text(max_size=20), max_size=8))
@example(["a\nb", "c"])
@example(["", "", "\n"])
def test_the_hashes_of_many_are_those_of_each(values: list[str]) -> None:
    assert apart(hashes_of(values)) == [set(digests_of(value)) for value in values]


@given(TEXTS | PAIRS_OF_HEX)
def test_what_is_taken_as_it_is_has_no_other_form(text: str) -> None:
    """Here the pattern is the shortcut, and `forms` the rule."""
    (plain,) = many._as_they_are([text])
    if plain:
        assert {digest(form) for form in forms(text)} == {hashlib.sha256(plain).digest()}
        assert digests_of(text) == [hashlib.sha256(plain).digest()]


@pytest.mark.parametrize(
    "value",
    ["evil.example", "my-host.example", "198.51.100.7", "0af3" * 8, "http://Evil.example/a?b=c",
     "a_b@c.example", "a.exe|0af3", "evil.example|198.51.100.7", "de-ad-be-ef.example"],
)  # fmt: skip
def test_what_logs_are_full_of_is_taken_as_it_is(value: str) -> None:
    assert many._as_they_are([value]) == [value.lower().encode()]


@pytest.mark.parametrize(
    "value",
    ["AA-BB-CC-00-11-22", "aabb-ccdd.0011.2233", "as64496", "0049301234", "hxxp://a/b", "a.example.|b"],
)
def test_what_misp_writes_in_another_way_is_looked_at(value: str) -> None:
    assert many._as_they_are([value]) == [b""]
    assert len(forms(value)) > 1


def test_hashes_are_asked_of_the_shards_that_hold_their_buckets() -> None:
    rng = random.Random(3)
    for bits, count in itertools.product((14, 17, 22, 23, 28), (1, 2, 49, 50, 51, 700)):
        digests = [rng.choice([rng.randbytes(32), bytes(32), b"\xff" * 32]) for _ in range(count)]
        fields, order = by_shard(digests, bits)
        assert sorted(order) == list(range(count))
        asked = [(shard, field) for shard, some in fields for field in some]
        assert asked == [place(digests[at], bits) for at in order]
        assert [shard for shard, _ in fields] == sorted({shard for shard, _ in asked})


def few_bytes(rng: random.Random, count: int) -> bytes:
    """Bytes of which many are alike, so that identities collide, and turn up where no entry begins."""
    return bytes(rng.choice((0, 1, 1, 1, 255)) for _ in range(count))


def an_export(out: Path, rng: random.Random, prefix: int, key: bytes) -> list[tuple[bytes, str]]:
    """Write a random export; 8 bytes of each hash in it, and the id of the event it leads to."""
    parts = [few_bytes(rng, 8) for _ in range(400)]
    rows = {
        (part, archive.ENTRY.pack(identified(key)(part), rng.choice((0, 1, 0x01010101)) % 3, 1, 1, 1, 257))
        for part in parts
    }
    entries = sorted({entry for _, entry in rows})
    events = [archive.EVENT.pack(uuid.UUID(int=n).bytes, n + 1) for n in range(3)]
    body = [_index(entries, prefix), *entries, *events]
    labels = {
        "prefix": prefix, "entries": len(entries), "events": len(events), "types": ["", "domain"],
        "categories": ["", "Other"], "key": archive.key_check(key), "sha256": _checksum(body),
    }  # fmt: skip
    text = json.dumps(labels).encode()
    write(out, [archive.MAGIC, len(text).to_bytes(4, "big"), text, *body])
    return [(part, str(archive.ENTRY.unpack(entry)[1] + 1)) for part, entry in rows]


@pytest.mark.parametrize(("prefix", "key"), [(2, b""), (2, bytes(range(32))), (3, b"")])
def test_an_export_tells_of_many_what_it_holds(tmp_path: Path, prefix: int, key: bytes) -> None:
    rng = random.Random(prefix)
    known = an_export(tmp_path / "export.wfh", rng, prefix, key)
    asked = [few_bytes(rng, 8) for _ in range(500)] + [part for part, _ in known]
    with Archive(tmp_path / "export.wfh", key) as opened:
        found = opened.find_many(gathered([b"head" + part + bytes(20)] for part in asked))
        for at, part in enumerate(asked):
            events = {event for one, event in known if one == part}
            assert {hit["event_id"] for hit in found.get(at, [])} == events
            assert len(found.get(at, [])) == len(events)
            assert opened.find(b"head" + part + bytes(20)) == found.get(at, [])
        assert opened.find_many(gathered([])) == {}
        first, second = (b"head" + part + bytes(20) for part, _ in known[:2])
        (hits,) = opened.find_many(gathered([[first, second, first]])).values()
        assert hits == [
            *opened.find(first),
            *(hit for hit in opened.find(second) if hit not in opened.find(first)),
        ]


def test_an_identity_with_a_key_is_an_hmac() -> None:
    key = bytes(range(32))
    identity = identified(key)
    for part in (b"8 bytes.", bytes(8)):
        assert identity(part) == hmac.new(key, part, hashlib.sha256).digest()[:8]
        assert identified(b"")(part) == part
