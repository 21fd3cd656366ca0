"""Every hook of Watchfloor: the reference for plugin authors.

A plugin is a module with functions marked `@hookimpl` and an entry point in the group
`watchfloor.plugins`. The core loads only what `config.yaml` lists, asks one plugin at a time in that
order, and names the plugin in every error. All hooks declare: they are called once at start-up in
every process that needs plugins (all but the subscriber), do no I/O, and return frozen values. What
they raise stops the start. An implementation may leave out arguments. Each says below where what it
returns is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import click
    import msgspec
    from starlette.routing import BaseRoute

    from watchfloor.contracts import AfterCommit, Channel, Demo, Handler, Keys, RawHandler, RedisAccess
    from watchfloor.health import Check
    from watchfloor.panels import NavItem, Panel

PROJECT = "watchfloor"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def settings_schema() -> type[msgspec.Struct]:
    """The type of the plugin's section in `config.yaml`.

    A msgspec Struct, frozen and with unknown fields forbidden; its defaults are the only defaults.
    Called first; the other hooks get an instance as `settings`. A plugin without this hook takes no
    settings.
    """
    raise NotImplementedError


@hookspec
def resources(settings: Any, redis: RedisAccess) -> AbstractContextManager[Any]:
    """What the plugin keeps open while it runs: a file, a pool of connections.

    Called like the others, so making it opens nothing. Used in worker and web process: entered before
    anything else of the plugin runs there, and left when the process ends; what entering raises stops
    the process. The hooks below get it as `resources`. `redis` connects to the core's Redis from then on.
    """
    raise NotImplementedError


@hookspec
def redis_keys(settings: Any) -> Sequence[Keys]:
    """The families of Redis keys that the plugin owns.

    Used everywhere. A family that another plugin or the core claims stops the start. A
    handler's write outside of them fails that message for this plugin.
    """
    raise NotImplementedError


@hookspec
def message_handlers(settings: Any) -> Sequence[Handler | RawHandler]:
    """The functions that turn activities into writes.

    Used in the worker. The functions run for every activity of their type, in the order of
    `config.yaml`, once per message whatever crashes. They are pure. What one raises, and one that
    takes longer than `worker.handler_seconds`, costs the plugin that message: its writes are
    dropped, the others' are not, and the failure is kept (`watchfloor failures`).
    """
    raise NotImplementedError


@hookspec
def after_commit(settings: Any, resources: Any) -> AfterCommit:
    """A function for what depends on totals: `function(touched, reads, writes)`.

    Used in the worker. The function runs after the transaction in which handlers called
    `writes.touch`, with what was touched; it may read, and its writes are one transaction of their
    own. After a crash in between it runs again with the same; what it wrote is never applied twice.
    What it raises is kept as a failure of this plugin, and what was touched is let go.
    """
    raise NotImplementedError


@hookspec
def live_channels(settings: Any) -> Sequence[Channel]:
    """The live streams to browsers that the plugin publishes on.

    Used in worker and web. Publishing on a channel not declared here fails the message.
    """
    raise NotImplementedError


@hookspec
def routes(settings: Any, resources: Any) -> Sequence[BaseRoute]:
    """Starlette routes, mounted under `/<plugin>/` and named `<plugin>:<name>`.

    Used in the web process. What a route raises is answered with an error page that names the
    plugin; the rest of the site goes on.
    """
    raise NotImplementedError


@hookspec
def navigation(settings: Any) -> Sequence[NavItem]:
    """The plugin's entries in the navigation of every page.

    Used in the web process.
    """
    raise NotImplementedError


@hookspec
def panels(settings: Any, resources: Any) -> Sequence[Panel]:
    """The cards that pages can hold; the live page shows those with `home`.

    Used in the web process. A panel's `data` runs at each request; what it or its template raises
    is shown in the card's place and costs nothing else.
    """
    raise NotImplementedError


@hookspec
def health_checks(settings: Any, resources: Any) -> Sequence[Check]:
    """Questions to the plugin: is it well?

    Used in the web process: by the Health page, `/ready` and `/metrics`. A check's `run` is asked at each
    of them, at most once in two seconds. What it raises, and what takes longer than 2 seconds, is `failing`
    and costs nothing else.
    """
    raise NotImplementedError


@hookspec
def demo(settings: Any) -> Demo:
    """What the plugin needs for a demo, and what it tells the person who started it.

    Used by `watchfloor demo`. The function runs once the history is there and the roles are started; what
    it raises ends the demo.
    """
    raise NotImplementedError


@hookspec
def commands(settings: Any) -> Sequence[click.Command]:
    """Sub-commands under `watchfloor <plugin> ...`.

    Used by the command line. A command gets a `Terminal` with `@click.pass_obj`.
    """
    raise NotImplementedError
