"""Panels rendered as cards, all at once; what one of them raises is shown in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from watchfloor.contracts import Ask
from watchfloor.store.keys import LIVE_LAST
from watchfloor.web import errors
from watchfloor.web.limits import within
from watchfloor.web.ranges import PARAMETERS, Range, read_range
from watchfloor.web.state import OwnedPanel, Web, web_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from starlette.requests import Request

SECONDS = 5.0
_TRIES = 3


async def render_panels(request: Request, names: Sequence[str], start: date, end: date) -> list[Markup]:
    """The cards of the panels `<plugin>/<name>` over a range of days, both included, in this order.

    LookupError for a panel that there is not.
    """
    web = web_of(request)
    for name in names:
        if name not in web.panels:
            raise LookupError(f"there is no panel '{name}' (known: {', '.join(web.panels)})")
    options = {name: value for name, value in request.query_params.items() if name not in PARAMETERS}
    ask = Ask(web.redis, start, end, options)
    return await asyncio.gather(*(_card(web, web.panels[name], ask) for name in names))


async def _card(web: Web, owned: OwnedPanel, ask: Ask) -> Markup:
    days = Range(ask.start, ask.end, web.today)
    try:
        position, context = await within(SECONDS, _read(web, owned, ask))
        template = web.templates.get_template(f"{owned.owner}/{owned.panel.template}")
        body = template.render({"range": days, **context})
    except Exception as error:  # noqa: BLE001 (whatever a panel raises costs its card only)
        error_id = errors.keep(error, owned.owner, f"panel '{owned.panel.name}'")
        text = f"Plugin '{owned.owner}' could not show this: {errors.reason(error)}."
        position, template = web.hub.id, web.templates.get_template("watchfloor/failed.html")
        body = template.render(text=text, error_id=error_id)
    frame = web.templates.get_template("watchfloor/card.html")
    # Both templates escape what they are given.
    return Markup(frame.render(owned=owned, position=position, range=days, body=Markup(body)))  # noqa: S704


async def _read(web: Web, owned: OwnedPanel, ask: Ask) -> tuple[str, Mapping[str, object]]:
    """A panel's data, and the position in the live stream that it belongs to.

    Read again when an item came in between: a browser then neither counts it twice nor misses it.
    Under steady load the earlier position stands, so that nothing is missed.
    """
    for _ in range(_TRIES if owned.channel else 1):
        before = await web.redis.get(LIVE_LAST())
        context = await owned.panel.data(ask)
        if not isinstance(context, Mapping):
            raise TypeError(f"data must return a mapping, not {type(context).__name__}")
        if before == await web.redis.get(LIVE_LAST()):
            break
    return str(before or web.hub.id), context


def range_of(request: Request) -> Range:
    """The range of days in a request's URL; RangeError when it makes no sense."""
    return read_range(request.query_params, web_of(request).today)
