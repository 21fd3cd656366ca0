"""The settings of activity."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long counts are kept, in days: `detail_days` by quarter of an hour, `retention_days` by day.

    null keeps the latter. `events`: how many events the list of the latest shows.
    """

    detail_days: Annotated[int, Meta(ge=2, le=366)] = 32
    retention_days: Annotated[int, Meta(ge=2)] | None = None
    events: Annotated[int, Meta(ge=1, le=100)] = 6
