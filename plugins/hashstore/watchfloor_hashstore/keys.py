"""The Redis keys of the hash store. No command touches two of them: each may lie on another node."""

from __future__ import annotations

from datetime import timedelta

from watchfloor import Keys

STATE = Keys("HASHSTORE", "hash", "which generation answers, who is importing, when what was imported")
ENTRIES = Keys(
    "HASHSTORE_ENTRIES:{generation}:{shard}", "hash", "bucket; the packed entries of hashes that begin alike"
)
EVENTS = Keys("HASHSTORE_EVENTS:{generation}", "hash", "event id; packed UUID, owner and level")
OBJECTS = Keys(
    "HASHSTORE_OBJECTS:{generation}", "hash", "object id; how far it is shared, of those not open to all"
)
CHANGED = Keys(
    "HASHSTORE_CHANGED:{generation}",
    "hash",
    "attribute id; the hashes it has since it changed, none if deleted; a traffic light attached since",
)
SEEN = Keys("HASHSTORE_SEEN:{generation}", "string", "what import or update last saw of MISP's database")
NAMES = Keys("HASHSTORE_NAMES:{generation}", "hash", "levels, types and categories, each with its number")
GROUPS = Keys(
    "HASHSTORE_GROUPS:{generation}", "hash", "sharing group id; its members' ids, or * for everyone"
)
ORGANISATIONS = Keys("HASHSTORE_ORGS:{generation}", "hash", "name or UUID of an organisation; its local id")
MISP_KEYS = Keys("HASHSTORE_KEYS:{generation}", "hash", "MISP's API keys, hashed, and whom they stand for")
OWN_KEYS = Keys("HASHSTORE_OWN_KEYS", "hash", "the store's own API keys, hashed, and whom they stand for")
JOURNAL = Keys("HASHSTORE_JOURNAL", "stream", "live changes during an import, for the generation it makes")
NOTED = Keys("HASHSTORE_NOTED", "stream", "what the feed told and is not in the store yet, a batch an entry")
LOOKUPS = Keys(
    "HASHSTORE_LOOKUPS:{date}",
    "hash",
    "values asked for and found, and requests, by hour; days and hours in UTC",
    timedelta(days=400),
)

FAMILIES = (
    STATE, ENTRIES, EVENTS, OBJECTS, CHANGED, SEEN, NAMES, GROUPS, ORGANISATIONS, MISP_KEYS, OWN_KEYS,
    JOURNAL, NOTED, LOOKUPS,
)  # fmt: skip
