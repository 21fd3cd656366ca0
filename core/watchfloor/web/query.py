"""What an address asks for, and the addresses that ask for the same with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from watchfloor.panels import SHARED
from watchfloor.web.ranges import PARAMETERS, Range, read_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.datastructures import QueryParams

    from watchfloor.panels import Option

Theme = Literal["", "dark", "light", "contrast"]
THEMES: tuple[str, ...] = get_args(Theme)
_LONGEST = 2000  # characters of one parameter
_MOST = 100  # parameters of one address


class QueryError(ValueError):
    """An address asks for what there is not; the text says what to write instead."""


@dataclass(frozen=True)
class Query:
    """An address: its path and parameters, and what they mean.

    `zone` is the time zone in which times are shown, "" as `theme` follows the system.
    """

    path: str
    parameters: tuple[tuple[str, str], ...]
    range: Range
    zone: ZoneInfo
    theme: Theme = ""

    @property
    def org(self) -> str:
        """The organisation that the viewer looks at, or ""."""
        return dict(self.parameters).get("org", "")

    def link(self, path: str | None = None, **changes: str | Sequence[str] | None) -> str:
        """The address with these parameters changed; None drops one.

        Another `path` keeps only what means the same on every page. Without one the link is relative: a card
        that is fetched by itself has those of the page that shows it. A name of the parameter `from` is
        written `from_`.
        """
        kept = [(n, v) for n, v in self.parameters if path in (None, self.path) or n in SHARED]
        new = {name.rstrip("_"): value for name, value in changes.items()}
        if new.keys() & set(PARAMETERS):
            new = {**dict.fromkeys(PARAMETERS), **new}
        pairs = [(name, value) for name, value in kept if name not in new]
        for name, value in new.items():
            values = [value] if isinstance(value, str) else value or ()
            pairs += [(name, one) for one in values]
        return f"{path or ''}?{urlencode(pairs, errors='replace')}" if pairs or not path else path

    def ranged(self, shown: Range) -> str:
        """The address with another range."""
        return self.link(**shown.query)

    def panel(self, path: str) -> str:
        """The address of a panel, or its data, that asks for all that this one does."""
        pairs = [(name, value) for name, value in self.parameters if name not in PARAMETERS]
        return f"{path}?{urlencode([*self.range.query.items(), *pairs], errors='replace')}"


def read_query(path: str, parameters: QueryParams, now: datetime, site: ZoneInfo, last: str) -> Query:
    """The meaning of an address at this moment; QueryError or RangeError if it has none.

    `site` is the zone in which the site cuts days, `last` the range where the address names none.
    """
    pairs = tuple(parameters.multi_items())
    if len(pairs) > _MOST or any(len(name) > _LONGEST or len(value) > _LONGEST for name, value in pairs):
        raise QueryError(f"it has more than {_MOST} parameters, or one of more than {_LONGEST} characters")
    zone = _zone(parameters.get("tz", ""), site)
    theme = _choice("theme", parameters.get("theme", ""), THEMES)
    found = read_range(parameters, now, zone, site, last)
    return Query(path, pairs, found, zone, theme)  # type: ignore[arg-type]  # checked to be a Theme


def read_options(
    parameters: Sequence[tuple[str, str]], options: Sequence[Option]
) -> Mapping[str, tuple[str, ...]]:
    """Of the parameters, those that a panel declares; QueryError for a value that is no choice of theirs."""
    found: dict[str, tuple[str, ...]] = {}
    for option in options:
        values = tuple(value for name, value in parameters if name == option.name and value)
        if option.choices:
            for value in values:
                _choice(option.name, value, option.choices)
        if values:
            found[option.name] = values if option.many else values[-1:]
    return found


def _choice(name: str, value: str, choices: Sequence[str]) -> str:
    if value and value not in choices:
        known = ", ".join(choice for choice in choices if choice)
        raise QueryError(f"{name} is one of {known}, not '{value[:40]}'")
    return value


def _zone(name: str, site: ZoneInfo) -> ZoneInfo:
    if not name:
        return site
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a path that leads out, a folder, a name that nobody knows
        raise QueryError(
            f"tz is the name of a time zone, such as tz=UTC or tz=Europe/Luxembourg, not '{name[:40]}'"
        ) from None
