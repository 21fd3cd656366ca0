"""Why a card is empty, and what to do about it: no feed, a silent one, a topic that is off, the range."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from watchfloor.misp.topics import SETTINGS
from watchfloor.web.views import ask_of

if TYPE_CHECKING:
    from watchfloor.panels import View
    from watchfloor.web.query import Query
    from watchfloor.web.state import OwnedPanel, Web
    from watchfloor.web.status import Status


class Reason(NamedTuple):
    """Why there is nothing, in a sentence or two; `link` and `words` are what mends it by one click."""

    text: str
    link: str = ""
    words: str = ""


def why_empty(web: Web, owned: OwnedPanel, view: View, query: Query, status: Status) -> Reason:
    """The reason for an empty view: the first that applies, from the source to the viewer."""
    if view.empty:
        return Reason(view.empty)
    filters = {option.name for option in owned.panel.options if option.filters}
    set_ = filters & ask_of(web, owned, query).options.keys()
    if set_:
        cleared = query.link(**dict.fromkeys(set_))
        where = " in this range" if owned.panel.ranged else ""
        return Reason(f"Nothing{where} matches the filter.", cleared, "Show everything")
    return _feeds(status) or _topics(owned, status) or _range(owned, query)


def _feeds(status: Status) -> Reason | None:
    if not status.feeds:
        return Reason(
            "No feed is configured, so nothing will arrive: name a MISP under feeds in config.yaml."
        )
    if any(feed.messages for feed in status.feeds):
        return None
    troubled = next((feed for feed in status.feeds if feed.state != "alive"), None)
    if troubled is not None:
        return Reason(f"Nothing has come from {troubled.name} yet. {troubled.text}")
    return Reason("The feed is connected, and MISP has not sent anything yet.")


def _topics(owned: OwnedPanel, status: Status) -> Reason | None:
    topics = owned.panel.topics
    received = {topic for feed in status.feeds for topic in feed.topics}
    if not topics or received & set(topics):
        return None
    settings = " or ".join(dict.fromkeys(SETTINGS[topic] for topic in topics if topic in SETTINGS))
    return Reason(
        f"MISP has not sent {' or '.join(topics)} yet. Switch on {settings} in MISP, under Administration, "
        "Server Settings, Plugin, ZeroMQ."
    )


def _range(owned: OwnedPanel, query: Query) -> Reason:
    if not owned.panel.ranged:
        return Reason("There is nothing yet.")
    if query.range.length >= 365:
        return Reason(f"Nothing in this range ({query.range.words}).")
    return Reason(f"Nothing in this range ({query.range.words}).", query.link(last="365d"), "Look at a year")
