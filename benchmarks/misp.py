"""A MariaDB with a million attributes in the mix of real MISPs, for the benchmarks of the hash store."""

from __future__ import annotations

import random
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "hashstore" / "kit"))

from misp_database import Server, create, insert, mariadb

PER_EVENT = 60
ORGANISATIONS = 40
MIX = {
    "ip-dst": 18, "domain": 14, "sha256": 14, "url": 12, "md5": 10, "sha1": 8, "hostname": 6, "text": 5,
    "filename": 4, "filename|sha256": 2, "filename|md5": 2, "ip-dst|port": 2, "domain|ip": 1, "link": 1,
    "email-src": 1,
}  # fmt: skip
COLUMNS = (
    "id, event_id, object_id, category, type, value1, value2, to_ids, uuid, timestamp, distribution, "
    "sharing_group_id, deleted"
)


def value(rng: random.Random, type_: str) -> tuple[str, str]:
    """The halves of a random value."""

    def hexadecimal(digits: int) -> str:
        return f"{rng.getrandbits(4 * digits):0{digits}x}"

    name, address = f"{hexadecimal(8)}.example", ".".join(str(rng.randrange(256)) for _ in range(4))
    sizes = {"md5": 32, "sha1": 40, "sha256": 64}
    first, _, second = type_.partition("|")
    if second:
        return value(rng, first)[0], "443" if second == "port" else value(rng, second)[0]
    if first in sizes:
        return hexadecimal(sizes[first]), ""
    if first in ("ip-dst", "ip"):
        return address, ""
    if first in ("url", "link"):
        return f"http://{name}/{hexadecimal(6)}.php?id={hexadecimal(12)}", ""
    return {"filename": f"{hexadecimal(8)}.exe", "text": f"note {hexadecimal(20)}",
            "email-src": f"{hexadecimal(6)}@{name}"}.get(first, name), ""  # fmt: skip


def write(file: TextIO, count: int, rng: random.Random) -> None:
    """The attributes, as LOAD DATA takes them; two of five in an object."""
    types, levels = rng.choices(list(MIX), list(MIX.values()), k=count), [5, 5, 5, 5, 5, 3, 0, 4]
    for n, type_ in enumerate(types, 1):
        first, second = value(rng, type_)
        event = n // PER_EVENT + 1
        holder = event if rng.random() < 0.4 else 0
        unique = uuid.UUID(int=rng.getrandbits(128), version=4)
        row = (n, event, holder, "Network activity", type_, first, second, 1, unique, 1_700_000_000 + n,
               rng.choice(levels), rng.randrange(1, 20), 0)  # fmt: skip
        file.write("\t".join(map(str, row)) + "\n")


def fill(server: Server, folder: Path, count: int) -> None:
    """Fill the database `misp`."""
    rng = random.Random(5)
    create(server, "misp")
    with server.connect("misp") as connection, connection.cursor() as cursor:
        events = range(1, count // PER_EVENT + 2)
        insert(cursor, "events", (_event(rng, n) for n in events))
        insert(
            cursor,
            "objects",
            ({"id": n, "event_id": n, "distribution": 5, "sharing_group_id": 0} for n in events),
        )
        groups = [
            {"sharing_group_id": n, "org_id": o} for n in range(1, 20) for o in rng.sample(range(1, 40), 5)
        ]
        insert(cursor, "sharing_group_orgs", groups)
        rows = folder / "rows"
        with rows.open("w", encoding="utf-8") as file:
            write(file, count, rng)
        cursor.execute(f"LOAD DATA INFILE '{rows}' INTO TABLE attributes ({COLUMNS})")
        rows.unlink()


def _event(rng: random.Random, number: int) -> dict[str, Any]:
    unique = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return {"id": number, "org_id": rng.randrange(1, ORGANISATIONS), "date": "2026-01-02", "uuid": unique,
            "published": 1, "distribution": rng.choice([0, 1, 2, 3, 3, 3, 4]),
            "sharing_group_id": rng.randrange(1, 20)}  # fmt: skip


@contextmanager
def misp(count: int) -> Iterator[Server]:
    """A server with so many attributes in its database `misp`."""
    with tempfile.TemporaryDirectory(prefix="wf-") as name, mariadb(Path(name)) as server:
        fill(server, Path(name), count)
        yield server
