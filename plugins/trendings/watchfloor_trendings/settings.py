"""The settings of trendings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`top`: how many rows a list shows. `retention_days`: how long counts are kept; null keeps them."""

    top: Annotated[int, Meta(ge=1, le=100)] = 10
    retention_days: Annotated[int, Meta(ge=1)] | None = None
