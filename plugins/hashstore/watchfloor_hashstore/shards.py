"""Hashes by the shard that holds their buckets: what is asked of each shard, and in what order that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from watchfloor_hashstore.layout import DIGEST, SHARDS, field_width, place

Fields: TypeAlias = list[tuple[int, list[bytes]]]

_FEW = 50  # below, arrays take longer than they save


def by_shard(digests: Sequence[bytes], bits: int) -> tuple[Fields, list[int]]:
    """The fields of hashes' buckets by shard; and the places of the hashes, in the order of these fields.

    >>> by_shard([b"\\xff\\xff" + bytes(30), bytes(32)], 16)
    ([(0, [b'\\x00\\x00']), (63, [b'\\xff\\x03'])], [1, 0])
    """
    return _one_by_one(digests, bits) if len(digests) < _FEW else _together(digests, bits)


def _one_by_one(digests: Sequence[bytes], bits: int) -> tuple[Fields, list[int]]:
    placed = sorted((*place(digest, bits), at) for at, digest in enumerate(digests))
    fields: dict[int, list[bytes]] = {}
    for shard, field, _ in placed:
        fields.setdefault(shard, []).append(field)
    return list(fields.items()), [at for _, _, at in placed]


def _together(digests: Sequence[bytes], bits: int) -> tuple[Fields, list[int]]:
    import numpy as np  # noqa: PLC0415 (who asks for one value need not wait for it)

    heads = np.frombuffer(b"".join(digests), ">u4")[:: DIGEST // 4].astype("<u4")
    buckets = heads >> np.uint32(32 - bits)
    shards = (buckets % SHARDS).astype(np.uint8)
    order = np.argsort(shards, kind="stable")
    numbers = (buckets // SHARDS)[order].view(np.uint8).reshape(-1, 4)[:, : field_width(bits)]
    fields: list[bytes] = np.ascontiguousarray(numbers).view(f"V{field_width(bits)}").ravel().tolist()
    ends = np.cumsum(np.bincount(shards, minlength=SHARDS)).tolist()
    spans = zip(range(SHARDS), [0, *ends], ends, strict=False)
    return [(shard, fields[start:end]) for shard, start, end in spans if start < end], order.tolist()
