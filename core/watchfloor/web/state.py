"""What every request of the web process needs, made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from starlette.requests import Request

    from watchfloor.live import Hub
    from watchfloor.panels import Panel
    from watchfloor.plugins import Plugin
    from watchfloor.site import Site
    from watchfloor.store.clients import AsyncRedis
    from watchfloor.web.errors import Errors
    from watchfloor.web.health.checks import Result
    from watchfloor.web.requests import Requests
    from watchfloor.web.shared import Shared
    from watchfloor.web.static import Static
    from watchfloor.web.views import Answer


@dataclass(frozen=True)
class OwnedPanel:
    """A panel with the plugin that it belongs to."""

    owner: str
    panel: Panel

    @property
    def name(self) -> str:
        """Its name over all plugins: `<plugin>/<name>`."""
        return f"{self.owner}/{self.panel.name}"

    @property
    def channel(self) -> str:
        """The live channel that keeps it current, `<plugin>/<channel>`, or ""."""
        return f"{self.owner}/{self.panel.channel.name}" if self.panel.channel else ""


@dataclass(frozen=True)
class Link:
    """An entry of the navigation; `key` is the letter that leads there, after `g`."""

    title: str
    href: str
    key: str = ""


@dataclass(frozen=True)
class Web:
    """The site as the web process holds it: in `request.state.web`."""

    site: Site
    redis: AsyncRedis
    hub: Hub
    templates: Environment
    static: Static
    panels: Mapping[str, OwnedPanel]
    navigation: Sequence[Link]
    views: Shared[Answer]
    errors: Errors
    health: Shared[Sequence[Result]]
    requests: Requests
    turns: Mapping[str, asyncio.Semaphore]

    @property
    def misp(self) -> Mapping[str, str]:
        """The address of each feed's MISP, where it is configured, without a slash at its end."""
        return {feed.name: feed.misp_url.rstrip("/") for feed in self.site.settings.feeds if feed.misp_url}


def web_of(request: Request) -> Web:
    """The site that a request belongs to."""
    web: Web = request.state.web
    return web


def navigation(plugins: Sequence[Plugin]) -> list[Link]:
    """The live page, the plugins' entries, the light ones first, and at last how everything is."""
    entries = [(item.weight, plugin.name, item) for plugin in plugins for item in plugin.navigation]
    entries.sort(key=lambda entry: entry[0])
    links = [Link(item.title, f"/{name}/{item.path.lstrip('/')}") for _, name, item in entries]
    return keyed([Link("Live", "/"), *links, Link("Health", "/status")])


def keyed(links: Sequence[Link]) -> list[Link]:
    """The entries, each with a key of its own: the first letter of its title that is free, else a digit."""
    taken: set[str] = set()
    return [replace(link, key=_key(link.title, taken)) for link in links]


def _key(title: str, taken: set[str]) -> str:
    letters = (letter for letter in title.lower() if letter.isascii() and letter.isalpha())
    key = next((one for one in (*letters, *"123456789") if one not in taken), "")
    taken.add(key)
    return key
