"""The hash store: is this indicator known to us?"""

from __future__ import annotations

from collections.abc import Sequence

from watchfloor import Keys, hookimpl
from watchfloor_hashstore.keys import FAMILIES
from watchfloor_hashstore.settings import Settings


@hookimpl
def settings_schema() -> type[Settings]:
    return Settings


@hookimpl
def redis_keys() -> Sequence[Keys]:
    return FAMILIES
