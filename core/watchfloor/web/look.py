"""How the pages look: which style sheets a theme takes, and how a time zone is named in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

_SHEETS = ("base", "controls", "header", "card", "table", "feed", "charts")
_LIGHT = "(prefers-color-scheme: light)"
_CONTRAST = "screen and (prefers-contrast: more)"


def styles(theme: str) -> list[tuple[str, str]]:
    """The core's style sheets for a theme, and the media that each is for, "" for all.

    Without a theme the system decides. Paper is light in any case.
    """
    colours = {
        "": [("light", f"print, {_LIGHT}"), ("contrast", _CONTRAST)],
        "dark": [("light", "print")],
        "light": [("light", "")],
        "contrast": [("light", "print"), ("contrast", "screen")],
    }[theme]
    return [("tokens", ""), *colours, *((name, "") for name in _SHEETS), ("print", "print")]


def zone_name(zone: ZoneInfo, moment: datetime) -> str:
    """A zone's short name at a moment: "CET", "UTC", or "UTC-03" where it has none."""
    name = moment.astimezone(zone).tzname() or zone.key
    return f"UTC{name}" if name.startswith(("+", "-")) else name
