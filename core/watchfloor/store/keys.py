"""The core's own families of Redis keys. `watchfloor keys` prints this table with the plugins'."""

from __future__ import annotations

from watchfloor.contracts import Keys

FEEDS = Keys("watchfloor:feeds", "set", "name of every feed that has written a stream")
STREAM = Keys("watchfloor:feed:{feed}", "stream", "messages of a feed that the worker has not worked off yet")
CURSORS = Keys("watchfloor:cursors", "hash", "feed: id of the last message worked off")
LEASE = Keys("watchfloor:lease:{name}", "string", "who holds a role now; expires within seconds of a death")
FEED_STATS = Keys("watchfloor:stats:feed:{feed}", "hash", "counters and state of a feed")
WORKER_STATS = Keys("watchfloor:stats:worker", "hash", "counters of the worker")
SILENCES = Keys(
    "watchfloor:silences:{feed}", "stream", "stretches in which nothing came from a feed, and why"
)
SEEN = Keys("watchfloor:seen:{bucket}", "set", "versions met in a period; expires after worker.remember_days")
NAMES = Keys(
    "watchfloor:names:{feed}", "hash", "what a feed has told of its events, organisations and groups"
)
LIVE = Keys("watchfloor:live:{plugin}:{channel}", "stream", "the latest items of a live channel")
LIVE_LAST = Keys("watchfloor:live:last", "string", "id of the last live item, over all channels")
TOUCHED = Keys("watchfloor:touched:{plugin}", "set", "what a plugin's after_commit has yet to look at")
FAILURES = Keys("watchfloor:failures", "stream", "messages that a plugin or the core could not work off")
FAILURE_COUNTS = Keys("watchfloor:failures:count", "hash", "failures ever, by plugin and kind")
ATTEMPTS = Keys("watchfloor:attempts", "hash", "messages in whose midst a worker died: how often")
DEMO = Keys("watchfloor:demo", "string", "marks a database that holds demo data only")

CORE_KEYS = (
    FEEDS, STREAM, CURSORS, LEASE, FEED_STATS, WORKER_STATS, SILENCES, SEEN, NAMES, LIVE, LIVE_LAST,
    TOUCHED, FAILURES, FAILURE_COUNTS, ATTEMPTS, DEMO,
)  # fmt: skip
