"""The card of attributes as they arrive: rows from the channel's history, filtered, newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor import Ask, Column, LiveItem, Option, Panel, Value, View
from watchfloor_activity.counts import Courses
from watchfloor_activity.defang import defang
from watchfloor_activity.filters import EVERYTHING, Every, FilterError, Has, Tree, matches, parse
from watchfloor_activity.handlers import ATTRIBUTES
from watchfloor_activity.links import attribute_url, event_url
from watchfloor_activity.look import colours_of, tone_of

SHOWN = {
    "time": "Time",
    "feed": "Feed",
    "category": "Category",
    "type": "Type",
    "value": "Value",
    "event": "Event",
    "org": "Organisation",
    "tags": "Tags",
    "object": "Object",
    "ids": "IDS",
    "state": "State",
    "comment": "Comment",
}
"""The columns that people choose from, in order, and their titles."""
AT_FIRST = ("time", "category", "type", "value", "event", "org", "tags")
FIRST, MOST = 30, 300  # rows of a page, and of one answer
_CHUNK = 250
_ID = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)

COLUMNS = (
    Column("id", "Id", meaning="the place in the live stream; `before` takes it"),
    Column("time", "Time", "time", "when it was received"),
    Column("feed", "Feed"),
    Column("category", "Category"),
    Column("type", "Type"),
    Column("value", "Value", meaning="as MISP has it, not defanged", link="url"),
    Column("event", "Event", link="event_url"),
    Column("event_id", "Event id", meaning="on the feed's own instance"),
    Column("event_uuid", "Event UUID"),
    Column("org", "Organisation", meaning="the creator of the event"),
    Column("tags", "Tags", meaning="its own and its event's, separated by blanks"),
    Column("object", "Object", meaning="the object that holds it, and its place there"),
    Column("to_ids", "IDS", meaning="yes if it is meant for detection"),
    Column("state", "State", meaning="new, or seen before"),
    Column("comment", "Comment"),
    Column("uuid", "UUID"),
    Column("url", "Attribute in MISP", "url"),
    Column("event_url", "Event in MISP", "url"),
)
OPTIONS = (
    Option("q", 'a filter, such as org:CIRCL AND NOT type:"ip-src"', filters=True),
    Option("org", "the name of an organisation: only what it created", filters=True),
    Option("columns", "the columns of the card, separated by commas", many=True),
    Option("before", "the id of an attribute: only older ones"),
    Option("count", f"how many, at most {MOST}"),
)


@dataclass(frozen=True)
class Found:
    """Items that match, newest first; `ended` when the history holds no older ones."""

    items: list[LiveItem]
    ended: bool


def panel(courses: Courses) -> Panel:
    """The panel; `courses` say which categories are the largest."""
    return Panel(
        "attributes",
        "Attributes as they arrive",
        _data(courses),
        "Attributes that the feeds shared, newest first, from the kept history on",
        COLUMNS,
        template="attributes.html",
        channel=ATTRIBUTES,
        options=OPTIONS,
        topics=("misp_json_attribute", "misp_json"),
        size="full",
        ranged=False,
    )


def _data(courses: Courses) -> Callable[[Ask], Awaitable[View]]:
    """What the card shows: the newest attributes, or those before one, that match the filter."""

    async def data(ask: Ask) -> View:
        # The colours of categories are those of the chart beside, which shows the same range.
        colours = colours_of((await courses.of(ask)).series)
        shell = {
            "q": ask.option("q"),
            "chosen": columns_of(ask),
            "titles": SHOWN,
            "misp": json.dumps(dict(ask.misp)),
            "colours": colours,
        }
        try:
            tree = tree_of(ask)
            count, before = count_of(ask.option("count")), before_of(ask.option("before"))
        except FilterError as error:
            return View(refused=str(error), context={**shell, **NOTHING})
        return _view(await read(ask, tree, count, before), tree, before, ask.misp, shell)

    return data


NOTHING: Mapping[str, Any] = {"tree": "null", "entries": [], "ended": True, "before": ""}


def _view(found: Found, tree: Tree, before: str, misp: Mapping[str, str], shell: Mapping[str, Any]) -> View:
    return View(
        rows=[row(one, misp) for one in found.items],
        summary=summary(found.items),
        context={
            **shell,
            "tree": json.dumps(tree.plain),
            "entries": [entry(one) for one in found.items],
            "ended": found.ended,
            "before": before,
        },
    )


def columns_of(ask: Ask) -> list[str]:
    """The columns that the address chooses, in their own order; without any that there is, those at first."""
    named = {name for value in ask.options.get("columns", ()) for name in value.split(",")}
    return [name for name in SHOWN if name in named] or list(AT_FIRST)


def tree_of(ask: Ask) -> Tree:
    """The filter of the address, and its organisation. FilterError if it makes no sense."""
    tree, org = parse(ask.option("q")), ask.option("org")
    if not org:
        return tree
    only = Has(("org",), (org.lower(),), whole=True)
    return only if tree == EVERYTHING else Every((only, tree))


def count_of(text: str) -> int:
    """How many rows the address asks for."""
    if not text:
        return FIRST
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST:
        raise FilterError(f"count is a number from 1 to {MOST}, not '{text[:20]}'.")
    return int(text)


def before_of(text: str) -> str:
    """The id before which the address asks for rows, or ""."""
    if text and not _ID.fullmatch(text):
        raise FilterError(f"before is the id of an attribute, such as 1700000000000-0, not '{text[:40]}'.")
    return text


async def read(ask: Ask, tree: Tree, count: int, before: str) -> Found:
    """Up to `count` items that match, looked for in the whole history."""
    found: list[LiveItem] = []
    while len(found) <= count:
        chunk = await ask.items(ATTRIBUTES, _CHUNK, before)
        found += [one for one in chunk if matches(tree, one.item)]
        if len(chunk) < _CHUNK:
            break
        before = chunk[-1].id
    return Found(found[:count], len(found) <= count)


def row(one: LiveItem, misp: Mapping[str, str]) -> list[Value]:
    """An item as the values of `COLUMNS`."""
    item = one.item
    place = " ".join(part for part in (item["object"], item["relation"]) if part)
    texts = {
        **item,
        "id": one.id,
        "time": datetime.fromisoformat(item["time"]),
        "tags": " ".join(tag[0] for tag in item["tags"]),
        "object": place,
        "to_ids": "yes" if item["to_ids"] else "no",
        "state": "new" if item["new"] else "seen",
        "url": attribute_url(item, misp) or None,
        "event_url": event_url(item, misp) or None,
    }
    return [texts[column.name] for column in COLUMNS]


def entry(one: LiveItem) -> dict[str, Any]:
    """An item as the card's template takes it; `plain` is the item itself, for the browser."""
    item = one.item
    return {
        **item,
        "id": one.id,
        "skipped": one.skipped,
        "time": datetime.fromisoformat(item["time"]),
        "defanged": defang(item["value"], item["type"]),
        "tags": [(name, tone_of(name)) for name, _colour in item["tags"]],
        "plain": json.dumps(item),
    }


def summary(items: list[LiveItem]) -> str:
    """One sentence on what there is to see."""
    if not items:
        return ""
    newest = items[0].item
    what = "One attribute" if len(items) == 1 else f"The newest {len(items)} attributes"
    who = newest["org"] or "an organisation not known yet"
    return f"{what}; the last is of type {newest['type']}, from {who}."
