"""The top lists: what was most active, and how that compares with the days before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from watchfloor import Ask, Column, Panel, View
from watchfloor_trendings.announce import CHANNELS
from watchfloor_trendings.asked import RANK, ROWS, Wanted, counts_of, follow, followed
from watchfloor_trendings.links import Link, misp_links
from watchfloor_trendings.ranking import Ranking, Row, rank

TITLES = {
    "events": "Most active events",
    "categories": "Most active categories",
    "tags": "Most active tags",
    "types": "Most active attribute types",
    "discussions": "Most discussed events",
}
WORDS = {"events": "Event", "categories": "Category", "tags": "Tag", "types": "Type", "discussions": "Event"}
MEANINGS = {
    "events": "Versions of events that MISP shared, by title, on the day of MISP's own time stamp.",
    "categories": "Versions of attributes that MISP shared, by category.",
    "tags": "Versions of events and attributes that MISP shared, by each tag that they bear.",
    "types": "Versions of attributes that MISP shared, by type.",
    "discussions": "Posts that were written, by the title of the event that they discuss.",
}
_SHARED = ("misp_json_attribute", "misp_json_object", "misp_json_event", "misp_json")
TOPICS = {
    "events": ("misp_json", "misp_json_event"),
    "categories": _SHARED,
    "tags": _SHARED,
    "types": _SHARED,
    "discussions": ("misp_json_conversation",),
}
COMPACT = 14  # tags on the live page


def columns(kind: str) -> tuple[Column, ...]:
    """The columns of a list of this kind."""
    return (
        Column("label", WORDS[kind], link="misp"),
        Column("count", "Count", "number"),
        Column("share", "%", "number", "Its part of all counts of these days, in percent."),
        Column("before", "Before", "number", "Its count over as many days before."),
        Column("change", "Change", "number", "How many more than over as many days before."),
        Column("score", "Score", "number", "What it is ranked by: its count, or the sum of weighted days."),
        Column("misp", "In MISP", "url", "Where the first MISP with an address lists it."),
    )


def panels(rows: int) -> list[Panel]:
    """A list of each kind with so many rows, and the tags in short for the live page."""
    lists = [
        Panel(
            kind,
            title,
            _list(kind, rows),
            meaning=MEANINGS[kind],
            columns=columns(kind),
            template="top.html",
            channel=CHANNELS[kind],
            options=(RANK, ROWS, follow(kind)),
            topics=TOPICS[kind],
            size="small",
            home=False,
        )
        for kind, title in TITLES.items()
    ]
    compact = Panel(
        "trending-tags",
        "Trending tags",
        _list("tags", COMPACT),
        meaning=MEANINGS["tags"],
        columns=columns("tags"),
        template="chips.html",
        channel=CHANNELS["tags"],
        topics=TOPICS["tags"],
    )
    return [*lists, compact]


def _list(kind: str, rows: int) -> Callable[[Ask], Awaitable[View]]:
    async def data(ask: Ask) -> View:
        wanted = Wanted.of(ask, rows)
        context = {"kind": kind, "refused": wanted.refused}
        if wanted.refused:
            return View(refused=wanted.refused, context={**context, "reading": False})
        counts = await counts_of(ask, kind, (wanted.period, wanted.period.before))
        if isinstance(counts, View):
            return counts
        ranking = rank(counts, wanted.period, wanted.rows, wanted.rank)
        return View(
            rows=[_values(row, _links(kind, row, ask.misp)) for row in ranking.rows],
            summary=_summary(kind, ranking),
            precision=wanted.precision,
            left_out=ranking.left_out,
            context={**context, "reading": False, **_shown(kind, ranking, ask, wanted)},
        )

    return data


def _links(kind: str, row: Row, misp: Mapping[str, str]) -> list[Link]:
    return misp_links(kind, row.label, misp)


def _values(row: Row, links: list[Link]) -> tuple[str | int | float | None, ...]:
    return (
        row.label, row.count, row.share, row.before, row.change, row.score, links[0].url if links else None
    )  # fmt: skip


def _shown(kind: str, ranking: Ranking, ask: Ask, wanted: Wanted) -> Mapping[str, object]:
    return {
        "ranking": ranking,
        "word": WORDS[kind],
        "links": {row.label: _links(kind, row, ask.misp) for row in ranking.rows},
        "followed": followed(ask, kind),
        "weighted": wanted.rank == "weighted",
        "days": wanted.period.length,
        "highest": max((row.count for row in ranking.rows), default=0),
    }


def _summary(kind: str, ranking: Ranking) -> str:
    if not ranking.rows:
        return ""
    first = ranking.rows[0]
    return (
        f"{ranking.distinct:,} {kind} with {ranking.total:,} counts in all; first {first.label[:80]} with "
        f"{first.count:,}."
    )
