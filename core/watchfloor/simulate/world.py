"""A simulated MISP: what it knows, and how it picks who does what to which."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from datetime import UTC, datetime, tzinfo
from random import Random
from typing import TYPE_CHECKING

from watchfloor.simulate import labels, words
from watchfloor.simulate.chance import Weighted, uuid
from watchfloor.simulate.model import Attribute, Event, Organisation, SharingGroup, Tag, User

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT = 400


class World:
    """The state of a simulated MISP instance; the same seed makes the same one.

    `now` is Unix seconds; `zone` is where its people work (days, nights, and local times in logs).
    It remembers the last few hundred events and forgets what is older, so it can live for ever.
    """

    def __init__(self, seed: int = 0, zone: tzinfo = UTC) -> None:
        self.rng = Random(seed)  # noqa: S311 a world that can be repeated, nothing secret
        self.zone = zone
        self.now = self.uptime_since = 0.0
        self._ids: Counter[str] = Counter(event=1000, attribute=20_000, object=3000, server=3)
        self.organisations = [self._organisation(name) for name in words.ORGANISATIONS]
        self.newcomers = list(words.NEWCOMERS)
        self._users = self._hire()
        self.groups = self._sharing_groups()
        self.tlp = _tags(labels.TLP)
        self.topics = _tags(labels.TAXONOMIES + labels.CLUSTERS)
        self.judgements = _tags(labels.ON_ATTRIBUTES)
        self.own_tags: list[Tag] = []
        self.events: deque[Event] = deque(maxlen=KEPT)
        self.drafts: deque[Event] = deque(maxlen=40)
        self.threads: deque[int] = deque(maxlen=20)
        self.seen_values: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=50))

    def next_id(self, table: str) -> int:
        """The id of a new row."""
        self._ids[table] += 1
        return self._ids[table]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    @property
    def second(self) -> int:
        """The time as MISP stores it."""
        return int(self.now)

    @property
    def local_time(self) -> datetime:
        return datetime.fromtimestamp(self.now, self.zone)

    @property
    def host(self) -> Organisation:
        """The organisation that runs the instance."""
        return self.organisations[0]

    def user(self) -> User:
        """Somebody, the busy organisations more often."""
        return self._users.pick(self.rng)

    def stranger(self) -> Organisation:
        """An organisation whose events come from a connected server."""
        return self.rng.choice([o for o in self.organisations if not o.local])

    def recent_event(self) -> Event | None:
        """An event, the recent ones more often."""
        if not self.events:
            return None
        back = min(int(self.rng.expovariate(1 / 40)) + 1, len(self.events))
        return self.events[-back]

    def recent_attribute(self) -> tuple[Event, Attribute] | None:
        """An attribute that is still there, with its event."""
        event = self.recent_event()
        if event is None:
            return None
        attribute = self.rng.choice(event.attributes) if event.attributes else None
        return None if attribute is None or attribute.deleted else (event, attribute)

    def admit(self) -> Organisation | None:
        """A new organisation, while there are names."""
        if not self.newcomers:
            return None
        self.organisations.append(self._organisation(self.newcomers.pop(0)))
        return self.organisations[-1]

    def _organisation(self, name: words.OrganisationName) -> Organisation:
        return Organisation(
            id=self.next_id("organisation"),
            uuid=uuid(self.rng),
            name=name.name,
            domain=f"{name.slug}.example",
            nationality=name.nationality,
            sector=name.sector,
            local=name.users > 0,
        )

    def _hire(self) -> Weighted[User]:
        users, weights = [], []
        for name, organisation in zip(words.ORGANISATIONS, self.organisations, strict=True):
            for _ in range(name.users):
                users.append(self._user(organisation))
                weights.append(name.weight / name.users)
        return Weighted(users, weights)

    def _user(self, organisation: Organisation) -> User:
        number = self.next_id("user")
        first = words.FIRST_NAMES[number % len(words.FIRST_NAMES)]
        last = words.LAST_NAMES[number * 3 % len(words.LAST_NAMES)]
        return User(
            id=number,
            email=f"{first}.{last}@{organisation.domain}",
            organisation=organisation,
            last_login=0,
            address=f"192.0.2.{100 + number}",
        )

    def _sharing_groups(self) -> list[SharingGroup]:
        local = [o for o in self.organisations if o.local]
        return [
            SharingGroup(
                self.next_id("group"), uuid(self.rng), name, local[start], tuple(local[start : start + size])
            )
            for name, start, size in (("Energy circle", 1, 3), ("Banks", 2, 5), ("National CERTs", 0, 5))
        ]


def _tags(table: Sequence[tuple[str, str, float]]) -> Weighted[Tag]:
    return Weighted([Tag(name, colour) for name, colour, _ in table], [weight for *_, weight in table])
