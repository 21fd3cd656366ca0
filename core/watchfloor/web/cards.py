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
from watchfloor.web.ranges import PARAMETERS, Range
from watchfloor.web.state import OwnedPanel, Web, web_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

SECONDS = 5.0
_TRIES = 3


def ask_of(request: Request, days: Range) -> Ask:
    """What a request asks for, over a range of days: the query's other options go with it."""
    options = {name: value for name, value in request.query_params.items() if name not in PARAMETERS}
    return Ask(web_of(request).redis, days.start, days.end, options)


async def render_panels(request: Request, names: Sequence[str], days: Range) -> list[Markup]:
    """The cards of the panels `<plugin>/<name>` over a range of days, in this order.

    LookupError for a panel that there is not.
    """
    web = web_of(request)
    for name in names:
        if name not in web.panels:
            raise LookupError(f"there is no panel '{name}' (known: {', '.join(web.panels)})")
    ask = ask_of(request, days)
    return await asyncio.gather(*(_card(web, web.panels[name], ask, days) for name in names))


async def _card(web: Web, owned: OwnedPanel, ask: Ask, days: Range) -> Markup:
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
