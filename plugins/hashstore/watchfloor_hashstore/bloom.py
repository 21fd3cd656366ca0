"""A Bloom file in the format of DCSO's tools, by poppy; it tells itself how to ask it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.exporting import Exporter, Progress, Scope, labels, write

_VERSION = 1  # the one that DCSO's own `bloom` reads; poppy has a second
_PROBES = 200_000
_DIGITS = "sha256sum | cut -c9-24"  # what `layout.suffix` takes of a hash


def export_bloom(
    redis: Any, scope: Scope, out: Path, progress: Progress, rate: float = 1e-4
) -> dict[str, Any]:
    """Write the file, and beside it `<name>.json` with what it holds, which is in the file as well; that.

    It holds digits 9 to 24 of each value's SHA-256 in hexadecimal: the store keeps no more of a hash.
    """
    try:
        import poppy  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        raise HashstoreError("Bloom files need poppy: pip install 'watchfloor[bloom]'") from error
    exporter = Exporter(redis, scope)
    found = {suffix for suffix, _ in exporter.entries(progress)}
    bloom = poppy.BloomFilter.with_version(_VERSION, max(len(found), 1), rate)
    for suffix in found:
        bloom.insert_str(suffix.hex())
    about = {
        **labels(exporter.state, scope),
        "entries": len(found),
        "false_positive_rate_asked_for": rate,
        "false_positive_rate_measured": _measured(bloom, found),
        **_manual(out.name),
    }
    text = (json.dumps(about, indent=2) + "\n").encode()
    write(out, [bloom.dumps(), text])
    write(out.with_name(out.name + ".json"), [text])
    return about


def _measured(bloom: Any, found: set[bytes]) -> float:
    """How many of random hashes that are not in it are told to be."""
    probes = random.Random(1)  # noqa: S311 (nothing secret)
    tried = {probes.randbytes(8) for _ in range(_PROBES)} - found
    return sum(bool(bloom.contains_str(probe.hex())) for probe in tried) / len(tried)


def _manual(name: str) -> dict[str, str]:
    """What it holds, and how to ask for one value, and for a list."""
    lines = f'while read -r v; do echo "$(printf %s "$v" | {_DIGITS}) $v"; done'
    return {
        "holds": "digits 9 to 24 of the SHA-256, in hexadecimal, of each value in lower case",
        "check": f"printf %s evil.example | {_DIGITS} | bloom check {name}",
        "check_list": f"tr A-Z a-z < values.txt | {lines} | bloom -s -d ' ' -f 0 check {name}",
    }
