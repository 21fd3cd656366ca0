"""A Bloom file in the format of DCSO's tools, by poppy."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.exporting import Exporter, Progress, Scope

_PROBES = 200_000


def export_bloom(
    redis: Any, scope: Scope, out: Path, progress: Progress, rate: float = 1e-4
) -> dict[str, Any]:
    """Write the file, and beside it `<name>.json` with what it holds; that is returned.

    It holds digits 9 to 24 of each value's SHA-256 in hexadecimal: the store keeps no more of a hash.
    """
    try:
        import poppy  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        raise HashstoreError("Bloom files need poppy: pip install 'watchfloor[bloom]'") from error
    exporter = Exporter(redis, scope)
    found = {suffix for suffix, _ in exporter.entries(progress)}
    bloom = poppy.BloomFilter.with_version(1, max(len(found), 1), rate)
    for suffix in found:
        bloom.insert_str(suffix.hex())
    bloom.save(str(out))
    probes = random.Random(1)  # noqa: S311 (nothing secret)
    tried = {probes.randbytes(8) for _ in range(_PROBES)} - found
    wrong = sum(bloom.contains_str(probe.hex()) for probe in tried)
    about = {
        "scope": scope.name,
        "entries": len(found),
        "false_positive_rate_asked_for": rate,
        "false_positive_rate_measured": wrong / len(tried),
        "holds": "digits 9 to 24 of the SHA-256, in hexadecimal, of each value in lower case",
        "check": "printf %s evil.example | sha256sum | cut -c9-24 | bloom check " + out.name,
        "imported": exporter.state.imported,
    }
    out.with_name(out.name + ".json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return about
