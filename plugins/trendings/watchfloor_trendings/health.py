"""Whether the counts that the web process keeps in memory have room."""

from __future__ import annotations

from watchfloor import Check, Health, Probe
from watchfloor_trendings.index import MOST, sizes

_NEARLY = 0.8


async def room(probe: Probe) -> Health:
    """A warning for a kind of which so many counts are in memory that days are soon let go."""
    held = sizes(probe.redis)
    full = [kind for kind, counts in held.items() if counts > _NEARLY * MOST]
    if full:
        return Health(
            "warning",
            f"Of {' and '.join(full)} there are nearly as many counts in memory as are kept ({MOST:,}): "
            "long ranges are read anew each time. Look at shorter ones, or keep fewer days with "
            "trendings.retention_days.",
        )
    return Health("ok", f"{sum(held.values()):,} counts of the days that were looked at are in memory.")


CHECKS = (Check("counts", room, meaning="The counts in memory, from which lists and courses are made."),)
