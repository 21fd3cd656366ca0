"""Random content for a MISP's database, and who may see what of it by MISP's own condition."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from itertools import product
from typing import Any

from misp_database import Server, insert

ORGS = range(1, 8)
OUTSIDER = 7  # owns nothing, and is in no sharing group: sees what everyone may see
OWNERS = ORGS[:-1]
GROUPS = range(1, 10)
TYPES = (
    "ip-dst",
    "domain",
    "md5",
    "filename|sha256",
    "ip-dst|port",
    "regkey|value",
    "url",
    "text",
    "port",
    "malware-sample",
)
CATEGORIES = ("Network activity", "Payload delivery")
LEVELS = range(6)  # of objects and attributes; events have all but the last, which is to inherit
MISSING = 5000  # stands for the level of an object of which there is no row
EVENTS, ATTRIBUTES = 120, 3000


def rand_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def value(rng: random.Random, type_: str) -> tuple[str, str]:
    """The halves of a random value; few values, so that attributes share them."""
    n = rng.randrange(400)
    simple = {"ip-dst": f"198.51.{n // 200}.{n % 200}", "domain": f"Host{n}.Example", "md5": f"{n:032x}",
              "url": f"http://host{n}.example/Path", "text": f"text {n}", "port": str(n)}  # fmt: skip
    if type_ in simple:
        return simple[type_], ""
    if type_ == "ip-dst|port":
        return simple["ip-dst"], "443"
    return f"File{n % 50}.exe", f"{n:064x}"


def holder_of(event: int, level: int) -> int:
    """The object of an event that is shared this far: each has one of each level."""
    return event * 10 + level


def attribute(rng: random.Random, event: int, **more: Any) -> dict[str, Any]:
    """A random attribute of an event, perhaps in one of its objects."""
    type_ = rng.choice(TYPES)
    first, second = value(rng, type_)
    held = rng.random() < 0.4
    return {
        "event_id": event, "object_id": holder_of(event, rng.choice([*LEVELS, MISSING])) if held else 0,
        "category": rng.choice(CATEGORIES), "type": type_, "value1": first, "value2": second,
        "to_ids": rng.randint(0, 1), "uuid": rand_uuid(rng),
        "timestamp": 1_700_000_000 + rng.randrange(10**7), "distribution": rng.choice([*LEVELS, 5, 5]),
        "sharing_group_id": rng.choice(GROUPS), "deleted": int(rng.random() < 0.1), **more,
    }  # fmt: skip


def events(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Events of every distribution, published and not, by turns; owners, creators and groups at random."""
    return [
        {"id": n, "org_id": rng.choice(OWNERS), "orgc_id": rng.choice(ORGS), "date": "2026-01-02",
         "uuid": rand_uuid(rng), "published": n // 5 % 2, "timestamp": 1_700_000_000,
         "distribution": n % 5, "sharing_group_id": rng.choice(GROUPS), "info": f"Event {n}"}
        for n in range(1, count + 1)
    ]  # fmt: skip


def objects(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """An object of every distribution in every event."""
    return [
        {"id": holder_of(event, level), "event_id": event, "distribution": level, "uuid": rand_uuid(rng),
         "sharing_group_id": rng.choice([None, *GROUPS])}
        for event in range(1, count + 1) for level in LEVELS
    ]  # fmt: skip


def combinations(rng: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """An attribute for each way in which event, object and attribute may be shared, deleted or not."""
    for kind, holder, level, deleted in product(range(1, 11), [None, MISSING, *LEVELS], LEVELS, (0, 1)):
        event = rng.choice(range(kind, count + 1, 10))
        held = 0 if holder is None else holder_of(event, holder)
        yield attribute(rng, event, object_id=held, distribution=level, deleted=deleted)


def sharing_groups(cursor: Any, rng: random.Random) -> None:
    """Groups with few members, with everyone, with nobody; every other one is not active."""
    insert(cursor, "sharing_groups", [
        {"id": g, "name": f"Group {g}", "uuid": rand_uuid(rng), "org_id": rng.choice(OWNERS), "active": g % 2}
        for g in GROUPS[:-1]
    ])  # fmt: skip
    # The owner of a group is a member by chance; 7 and 8 have no members; 9 is gone, but for its members.
    insert(cursor, "sharing_group_orgs", [
        {"sharing_group_id": g, "org_id": org, "extend": org % 2}
        for g in (*GROUPS[:6], GROUPS[-1]) for org in rng.sample(list(OWNERS), 2)
    ])  # fmt: skip
    insert(cursor, "sharing_group_servers", [
        {"sharing_group_id": 3, "server_id": 0, "all_orgs": 1},
        {"sharing_group_id": 4, "server_id": 2, "all_orgs": 1},
        {"sharing_group_id": 5, "server_id": 0, "all_orgs": 0},
        {"sharing_group_id": 8, "server_id": 0, "all_orgs": 1},
    ])  # fmt: skip


def tags(cursor: Any) -> None:
    names = ("tlp:red", "TLP:GREEN", "x")
    insert(cursor, "tags", [{"id": n, "name": name} for n, name in enumerate(names, 1)])
    insert(cursor, "event_tags", [{"event_id": n, "tag_id": 1 + n % 3} for n in range(1, 60)])
    insert(cursor, "attribute_tags", [
        {"attribute_id": n, "event_id": 1, "tag_id": 1 + n % 3} for n in range(1, 300)
    ])  # fmt: skip


def fill(server: Server, name: str, seed: int = 1, attributes: int = ATTRIBUTES, combined: int = 0) -> None:
    """Random content, and so many attributes for each combination of what decides who sees it."""
    rng = random.Random(seed)
    with server.connect(name) as connection, connection.cursor() as cursor:
        orgs = [{"id": org, "name": f"Org {org}", "uuid": rand_uuid(rng)} for org in ORGS]
        insert(cursor, "organisations", orgs)
        sharing_groups(cursor, rng)
        insert(cursor, "events", events(rng, EVENTS))
        insert(cursor, "objects", objects(rng, EVENTS))
        insert(cursor, "attributes", [attribute(rng, rng.randint(1, EVENTS)) for _ in range(attributes)])
        for _ in range(combined):
            insert(cursor, "attributes", combinations(rng, EVENTS))
        tags(cursor)


def visible(cursor: Any, org: int, *, admin: bool = False, unpublishedprivate: bool = False) -> set[int]:
    """The attributes that MISP shows to an organisation, by MISP's own condition."""
    cursor.execute(
        "SELECT sharing_group_id FROM sharing_group_servers WHERE server_id = 0 AND all_orgs = 1 "
        "UNION SELECT sharing_group_id FROM sharing_group_orgs WHERE org_id = %s", (org,)
    )  # fmt: skip
    groups = [row[0] for row in cursor.fetchall()] or [-1]
    published = "AND e.published = 1" if unpublishedprivate else ""
    rule = f"""e.org_id = %(org)s OR (
        (e.distribution IN (1,2,3) OR (e.distribution = 4 AND e.sharing_group_id IN %(sg)s)) {published}
        AND (a.distribution IN (1,2,3,5) OR (a.distribution = 4 AND a.sharing_group_id IN %(sg)s))
        AND (a.object_id = 0 OR o.distribution IN (1,2,3,5)
             OR (o.distribution = 4 AND o.sharing_group_id IN %(sg)s)))"""
    cursor.execute(
        "SELECT a.id FROM attributes a LEFT JOIN events e ON e.id = a.event_id "
        "LEFT JOIN objects o ON o.id = a.object_id AND a.object_id <> 0 "
        f"WHERE a.deleted = 0 AND e.id IS NOT NULL AND ({'1' if admin else rule})",
        {"org": org, "sg": groups},
    )
    return {row[0] for row in cursor.fetchall()}
