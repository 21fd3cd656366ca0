"""How a feed is, in a word and in a sentence that says what to do, from the counters the subscriber keeps.

Any message proves that a feed lives; MISP's keep-alive comes only when it has nothing else to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["alive", "quiet", "silent", "refused", "unreachable", "not listening", "unknown"]

HEARTBEAT = 2.0
"""Seconds between two signs of life of the subscriber."""
LATE = 5 * HEARTBEAT


@dataclass(frozen=True)
class FeedState:
    """`state` for machines, `text` for people."""

    state: State
    text: str


def feed_state(stats: Mapping[str, str], now: float, quiet_after: float, silent_after: float) -> FeedState:
    """The state of a feed from the fields of its statistics (`FEED_STATS`), times in Unix seconds."""
    if "listening" not in stats:
        return FeedState(
            "unknown", "nobody has listened to this feed yet: start 'watchfloor subscribe' (or 'run')"
        )
    beat = number(stats, "listening")
    if now - beat > LATE:
        return FeedState(
            "not listening",
            f"the subscriber has given no sign of life for {span(now - beat)}, what MISP sends now is lost: "
            "start 'watchfloor subscribe' (or 'run'), or see its log",
        )
    connection = stats.get("connection", "connecting")
    if connection == "connected":
        return _by_traffic(stats, now, quiet_after, silent_after)
    if connection == "refused":
        return FeedState("refused", _refused(stats))
    if connection == "connecting" and now - number(stats, "since") < LATE:
        return FeedState("unknown", f"connecting to {stats.get('url', 'the publisher')}")
    return FeedState("unreachable", _unreachable(stats, now))


def _by_traffic(stats: Mapping[str, str], now: float, quiet_after: float, silent_after: float) -> FeedState:
    last, since = number(stats, "last_seen"), number(stats, "since")
    idle = max(0.0, now - max(last, since))
    if idle <= quiet_after:
        fresh = f"last message {span(now - last)} ago" if last else "connected, no message yet"
        return FeedState("alive", fresh)
    nothing = f"connected, but no message for {span(idle)}"
    if idle <= silent_after:
        return FeedState("quiet", f"{nothing}; MISP says something at least every 10 seconds")
    return FeedState(
        "silent",
        f"{nothing}, though MISP says something at least every 10 seconds: see in MISP, under Server "
        "Settings, Diagnostics, whether the ZeroMQ service runs, and restart it",
    )


def _refused(stats: Mapping[str, str]) -> str:
    url, path = stats.get("url", "the publisher"), stats.get("path", "feeds")
    match stats.get("why"):
        case "credentials":
            return (
                f"{url} refuses our credentials: correct {path}.username, {path}.password or the CURVE keys"
            )
        case "security":
            return (
                f"{url} asks for other credentials than we have: set {path}.username and {path}.password as "
                "ZeroMQ_username and ZeroMQ_password are in MISP, or remove them when MISP has none"
            )
        case _:
            return (
                f"{url} accepts the connection and ends it at once: check {path}.url, username, password and "
                "curve_server_key; a tunnel or proxy does so, too, while nothing listens behind it"
            )


def _unreachable(stats: Mapping[str, str], now: float) -> str:
    since = number(stats, "since")
    lasting = f" for {span(now - since)}" if since else ""
    return (
        f"nothing answers at {stats.get('url', 'the publisher')}{lasting}: check in MISP ZeroMQ_enable, "
        f"ZeroMQ_host and ZeroMQ_port, then {stats.get('path', 'feeds')}.url and the firewall"
    )


def number(stats: Mapping[str, str], name: str) -> float:
    """A number among the statistics; 0 when it is missing or none."""
    try:
        return float(stats.get(name, 0))
    except ValueError:
        return 0.0


def span(seconds: float) -> str:
    """A stretch of time for people.

    >>> span(5), span(90), span(7200), span(200000)
    ('5 s', '90 s', '2 h', '2 days')
    """
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{max(0, seconds) // unit:.0f} {name}"
    return f"{seconds // 86_400:.0f} days"
