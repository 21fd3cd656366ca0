"""The panels of activity: attributes as they arrive, their categories over time, and the latest events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from watchfloor import Ask, Chart, Column, Figure, LiveItem, Option, Panel, Value, View
from watchfloor_activity import attributes, counts
from watchfloor_activity.buckets import SECONDS, WORDS
from watchfloor_activity.handlers import ATTRIBUTES, LATEST
from watchfloor_activity.links import event_url
from watchfloor_activity.look import tone_of
from watchfloor_activity.settings import Settings

TOPICS = ("misp_json_attribute", "misp_json")
_LOOKED_AT = 250  # items of the channel among which the latest events are found

CATEGORY_COLUMNS = (
    Column("time", "Time", "time", "when the piece of time begins"),
    Column("category", "Category"),
    Column("attributes", "Attributes", "number", "new ones; one that is repeated counts once"),
)
EVENT_COLUMNS = (
    Column("event", "Event", link="url"),
    Column("org", "Organisation", meaning="the creator"),
    Column("attributes", "Attributes", "number", "how many it had when it was shared"),
    Column("tags", "Tags", meaning="separated by blanks"),
    Column("time", "Time", "time", "when it was received"),
    Column("feed", "Feed"),
    Column("event_id", "Id", meaning="on the feed's own instance"),
    Column("event_uuid", "UUID"),
    Column("url", "In MISP", "url"),
)


def panels(settings: Settings) -> list[Panel]:
    """All of them, in the order of the live page."""
    courses = counts.Courses(settings.detail_days)
    return [
        Panel(
            "categories",
            "Activity by category",
            _categories(courses),
            "New attributes over time, by category, and what came today",
            CATEGORY_COLUMNS,
            Chart("area", "time", "attributes", by="category"),
            channel=ATTRIBUTES,
            topics=TOPICS,
            size="wide",
        ),
        Panel(
            "events",
            "Latest events",
            _events(settings.events),
            "Events that were shared or published, newest first",
            EVENT_COLUMNS,
            template="events.html",
            channel=LATEST,
            options=(Option("org", "the name of an organisation: only its events", filters=True),),
            topics=("misp_json", "misp_json_event"),
            ranged=False,
        ),
        attributes.panel(courses),
    ]


def _categories(courses: counts.Courses) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        course = await courses.of(ask)
        today = await counts.of_day(ask.redis, datetime.now(ask.site).date())
        rows: list[list[Value]] = [
            [start, category, numbers[i]]
            for category, numbers in course.series.items()
            for i, start in enumerate(course.starts)
        ]
        return View(rows, _figures(today), _course_summary(course), _precision(course, ask.until))

    return data


def _precision(course: counts.Course, until: datetime) -> str:
    """How wide the pieces are; the last may not be over, and is lower for that alone."""
    words = WORDS[course.width]
    if course.width == "day" or until.timestamp() >= course.starts[-1].timestamp() + SECONDS[course.width]:
        return words
    return f"{words}, the last one so far"


def _figures(today: counts.Today) -> list[Figure]:
    return [
        Figure("attributes", "attributes today", today.attributes),
        Figure("events", "events", today.events),
        Figure("organisations", "organisations", today.organisations),
        Figure("sightings", "sightings", today.sightings),
    ]


def _course_summary(course: counts.Course) -> str:
    if not course.total:
        return ""
    first = next(iter(course.series))
    share = round(100 * sum(course.series[first]) / course.total)
    if course.total == 1:
        return f"One new attribute: {first}."
    return f"{course.total:,} new attributes; {share} % of them {first}."


def _events(most: int) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        found = latest(await ask.items(LATEST, _LOOKED_AT), ask.option("org"))
        shown = found[:most]
        return View(
            rows=[_event_row(one.item, ask.misp) for one in shown],
            left_out=len(found) - len(shown),
            context={"events": [_event(one.item, ask.misp) for one in shown]},
        )

    return data


def latest(items: list[LiveItem], org: str = "") -> list[LiveItem]:
    """Each event once, as it was told of last; only those of an organisation where one is named."""
    found: dict[tuple[str, str], LiveItem] = {}
    for one in items:
        item = one.item
        name = ("", item["event_uuid"]) if item["event_uuid"] else (item["feed"], item["event_id"])
        if not org or item["org"].lower() == org.lower():
            found.setdefault(name, one)
    return list(found.values())


def _event_row(item: Mapping[str, Any], misp: Mapping[str, str]) -> list[Value]:
    texts = {
        **item,
        "time": datetime.fromisoformat(item["time"]),
        "tags": " ".join(tag[0] for tag in item["tags"]),
        "url": event_url(item, misp) or None,
    }
    return [texts[column.name] for column in EVENT_COLUMNS]


def _event(item: Mapping[str, Any], misp: Mapping[str, str]) -> dict[str, Any]:
    return {
        **item,
        "time": datetime.fromisoformat(item["time"]),
        "tags": [(name, tone_of(name)) for name, _colour in item["tags"]],
        "url": event_url(item, misp),
    }
