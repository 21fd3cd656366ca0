"""Panels rendered as cards, all at once; what one of them raises is shown in its place."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from watchfloor.panels import View
from watchfloor.web import errors
from watchfloor.web.charts import drawing, twin
from watchfloor.web.empty import why_empty
from watchfloor.web.query import QueryError
from watchfloor.web.views import read_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchfloor.web.query import Query
    from watchfloor.web.state import OwnedPanel, Web
    from watchfloor.web.status import Status

ROWS = 500  # of a card's table; CSV and JSON have all of them


async def render_panels(web: Web, names: Sequence[str], query: Query, status: Status) -> list[Markup]:
    """The cards of the panels `<plugin>/<name>`, in this order.

    LookupError for a panel that there is not, QueryError for an option that is none.
    """
    for name in names:
        if name not in web.panels:
            raise LookupError(f"there is no panel '{name}' (known: {', '.join(web.panels)})")
    return await asyncio.gather(*(_card(web, web.panels[name], query, status) for name in names))


async def _card(web: Web, owned: OwnedPanel, query: Query, status: Status) -> Markup:
    frame = {"owned": owned, "panel": owned.panel, "query": query, "range": query.range, "zone": query.zone}
    try:
        answer = await read_view(web, owned, query)
        view, at, position = answer.view, answer.at, answer.position
        state, body = _body(web, owned, view, query, status)
    except QueryError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a panel raises costs its card only)
        error_id = web.errors.keep(error, owned.owner, f"panel '{owned.panel.name}'", "panel")
        text = f"Plugin '{owned.owner}' could not show this: {errors.reason(error)}."
        view, at, position, state = View(), datetime.now(UTC), web.hub.id, "failed"
        body = _render(web, "watchfloor/failed.html", text=text, error_id=error_id, query=query)
    return _render(
        web, "watchfloor/card.html", **frame, view=view, at=at, position=position, state=state, body=body
    )


def _body(web: Web, owned: OwnedPanel, view: View, query: Query, status: Status) -> tuple[str, Markup]:
    """The state of a card, and what it holds."""
    panel = owned.panel
    own = not panel.template.startswith("watchfloor/")
    template = f"{owned.owner}/{panel.template}" if own else panel.template
    names = [column.name for column in panel.columns]
    blank = view.blank and bool(panel.columns or view.figures)
    shown = {
        **view.context,
        "panel": panel,
        "view": view,
        "rows": [dict(zip(names, row, strict=True)) for row in view.rows[:ROWS]],
        "more": view.left_out + max(0, len(view.rows) - ROWS),
        "drawn": drawing(panel, view, query) if panel.chart and not blank else None,
        "twin": None if blank else twin(panel, view),
        "reason": why_empty(web, owned, view, query, status) if blank else None,
        "query": query,
        "range": query.range,
        "zone": query.zone,
    }
    return "empty" if blank else "ok", _render(web, template, **shown)


def _render(web: Web, template: str, **context: object) -> Markup:
    # Every template escapes what it is given.
    return Markup(web.templates.get_template(template).render(context))  # noqa: S704
