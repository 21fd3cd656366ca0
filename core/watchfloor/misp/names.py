"""What feeds have said of their events, organisations, sharing groups and discussions.

Many messages hold ids only. The worker asks what a batch needs (`wanted`), fetches that from the
feed's hash in Redis (`load`), and stores what the batch taught (`changed`) in the same transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from watchfloor.misp.facts import NO_EVENT, EventFacts, Facts, PendingThread, TagFacts, ThreadFacts
from watchfloor.misp.model import Audience, Event
from watchfloor.misp.tagged import with_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchfloor.misp.tagged import Tags
    from watchfloor.misp.told import Told

_SAME_REQUEST = timedelta(seconds=2)


class FeedNames:
    """What one feed has said; ids are local to it."""

    def __init__(self) -> None:
        self.events = Facts("event", EventFacts)
        self.tags = Facts("tags", tuple[TagFacts, ...])
        self.orgs = Facts("org", str)
        self.groups = Facts("sharing_group", Audience)
        self.threads = Facts("thread", ThreadFacts)
        self.pending = Facts("pending", PendingThread)
        self.kinds: dict[str, Facts[Any]] = {
            facts.kind: facts
            for facts in (self.events, self.tags, self.orgs, self.groups, self.threads, self.pending)
        }
        self._tagged: dict[str, tuple[EventFacts, Tags, EventFacts]] = {}

    def want(self, told: Told, missing: set[str]) -> None:
        """Add the fields that this message needs or may change, where they are not in memory."""
        if told.event is not None:
            self._want_event(told.event.event.id, missing)
        for org in told.orgs:
            self.orgs.want(org, missing)
        for group in told.groups:
            self.groups.want(group, missing)
        if told.user_id or told.thread_id:
            self._want_thread(told.thread_id, told.user_id, missing)

    def follow(self, field: str, missing: set[str]) -> None:
        """Add what a field that was just loaded refers to."""
        kind, _, id_ = field.partition(":")
        if kind == "event":
            self._want_event(id_, missing)
        elif kind == "thread":
            self._want_thread(id_, "", missing)
        elif kind == "pending":
            self._want_thread("", id_, missing)

    def learn(self, told: Told) -> EventFacts:
        """Take in what a message tells; what is known now of the event that it is about."""
        for org, name in told.orgs.items():
            if name:
                self.orgs.learn(org, name)
        for group, members in told.groups.items():
            if members is not None:
                self.groups.learn(group, members)
        if told.event is None:
            return NO_EVENT
        known = self.events.get(told.event.event.id)
        if known is None or known != told.event or not known.event.org:
            known = self._learn_event(known, told.event)
        return self._with_tags(known, self._learn_tags(told.event.event.id, told))

    def event(self, event_id: str) -> EventFacts:
        """What is known of an event."""
        known = self.events.get(event_id) or EventFacts(Event(id=event_id))
        return self._with_tags(known, self.tags.get(event_id) or ())

    def opened(self, user_id: str, created: str, thread: ThreadFacts) -> None:
        """A user opened a discussion, whose id nobody told yet."""
        self.pending.learn(user_id, PendingThread(created, thread))

    def thread(self, thread_id: str, user_id: str, created: str) -> ThreadFacts | None:
        """The discussion that a post belongs to.

        MISP announces a discussion without its id, and then its first post, from the same request.
        """
        known = self.threads.get(thread_id)
        pending = self.pending.get(user_id)
        if known is not None or pending is None or not _same_request(pending.created, created):
            return known
        self.threads.learn(thread_id, pending.thread)
        self.pending.learn(user_id, None)
        return pending.thread

    def rotate(self, limit: int) -> None:
        """The batch is stored and over."""
        self._tagged.clear()
        for facts in self.kinds.values():
            facts.rotate(limit)

    def _want_event(self, event_id: str, missing: set[str]) -> None:
        self.events.want(event_id, missing)
        self.tags.want(event_id, missing)
        facts = self.events.get(event_id)
        if facts is None:
            return
        if facts.distribution == "4":
            self.groups.want(facts.sharing_group_id, missing)
        if not facts.event.org:
            self.orgs.want(facts.event.org_id, missing)

    def _want_thread(self, thread_id: str, user_id: str, missing: set[str]) -> None:
        self.threads.want(thread_id, missing)
        self.pending.want(user_id, missing)
        thread = self.threads.get(thread_id)
        pending = self.pending.get(user_id)
        for facts in (thread, pending.thread if pending else None):
            if facts is not None:
                self._want_event(facts.event_id, missing)
                if facts.distribution == "4":
                    self.groups.want(facts.sharing_group_id, missing)

    def _learn_event(self, known: EventFacts | None, told: EventFacts) -> EventFacts:
        merged = told if known is None else _merged(known, told)
        if not merged.event.org:
            merged = EventFacts(
                _with_org(merged.event, self.orgs.get(merged.event.org_id) or ""),
                merged.distribution,
                merged.sharing_group_id,
            )
        if merged != EventFacts(Event(id=merged.event.id)):
            self.events.learn(merged.event.id, merged)
        return merged

    def _with_tags(self, facts: EventFacts, tags: Tags) -> EventFacts:
        """What is known of an event with its tags; made once for the many messages of a batch about it."""
        if not tags:
            return facts
        made = self._tagged.get(facts.event.id)
        if made is not None and made[1] is tags and made[0] == facts:
            return made[2]
        tagged = EventFacts(with_tags(facts.event, tags), facts.distribution, facts.sharing_group_id)
        self._tagged[facts.event.id] = facts, tags, tagged
        return tagged

    def _learn_tags(self, event_id: str, told: Told) -> Tags:
        known = self.tags.get(event_id) or ()
        if told.retag is None:
            return known
        now = told.retag(known, told.tags)
        if now != known:
            self.tags.learn(event_id, now or None)
        return now


class Names:
    """What all feeds have said, for one worker.

    In memory are those of the batch at hand, and of each kind and feed up to twice `limit` others that
    were asked for last.
    """

    def __init__(self, limit: int = 25_000) -> None:
        self._limit = limit
        self._feeds: dict[str, FeedNames] = {}

    def of(self, feed: str) -> FeedNames:
        """What this feed has said."""
        names = self._feeds.get(feed)
        if names is None:
            names = self._feeds[feed] = FeedNames()
        return names

    def wanted(self, told: Told) -> set[str]:
        """The fields of the feed's hash that this message needs or may change and that must be fetched."""
        missing: set[str] = set()
        self.of(told.message.feed).want(told, missing)
        return missing

    def load(self, feed: str, stored: Mapping[str, bytes | None]) -> set[str]:
        """Take what was fetched; the further fields that it refers to, to be fetched and loaded likewise."""
        names = self.of(feed)
        for field, value in stored.items():
            kind, _, id_ = field.partition(":")
            names.kinds[kind].load(id_, value)
        missing: set[str] = set()
        for field in stored:
            names.follow(field, missing)
        return missing

    def changed(self) -> dict[str, dict[str, bytes]]:
        """By feed, the fields that differ from what Redis has."""
        changes = {
            feed: {field: value for facts in names.kinds.values() for field, value in facts.changed().items()}
            for feed, names in self._feeds.items()
        }
        return {feed: fields for feed, fields in changes.items() if fields}

    def committed(self) -> None:
        """What changed is stored, and the batch is over."""
        for names in self._feeds.values():
            names.rotate(self._limit)


def _with_org(event: Event, org: str) -> Event:
    return Event(event.id, event.uuid, event.info, org, event.org_id, event.owner_id)


def _merged(known: EventFacts, told: EventFacts) -> EventFacts:
    """What is told goes before what was known, but only where something is told."""
    before, now = known.event, told.event
    same_org = now.org_id in ("", before.org_id)
    level = told if told.distribution else known
    return EventFacts(
        Event(
            id=now.id,
            uuid=now.uuid or before.uuid,
            info=now.info or before.info,
            org=now.org or (before.org if same_org else ""),
            org_id=now.org_id or before.org_id,
            owner_id=now.owner_id or before.owner_id,
        ),
        level.distribution,
        level.sharing_group_id,
    )


def _same_request(opened: str, posted: str) -> bool:
    try:
        apart = _clock(posted) - _clock(opened)
    except ValueError:
        return opened == posted != ""
    return timedelta(0) <= apart <= _SAME_REQUEST


def _clock(created: str) -> datetime:
    """A time on MISP's clock; its zone is not told, and does not matter between two of them."""
    return datetime.strptime(created.replace("-", "/"), "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
