"""The `watchfloor` command. Each module here holds the commands of one concern."""

from __future__ import annotations

import errno
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click
from redis.exceptions import RedisError

from watchfloor import __version__
from watchfloor.cli import demo, failures, inspect, maintain, replay, roles, scaffold, simulate
from watchfloor.cli.context import Console
from watchfloor.errors import StoreError, WatchfloorError
from watchfloor.store.checks import explain
from watchfloor.store.urls import redact

EPILOG = "Every option can come from the environment: --port of serve from WATCHFLOOR_SERVE_PORT, and so on."


class _Group(click.Group):
    """The core's commands, and a group for each enabled plugin that brings some."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *sorted(self._plugins(ctx))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, name) or self._plugins(ctx).get(name)

    def _plugins(self, ctx: click.Context) -> dict[str, click.Command]:
        console = ctx.obj or _console(ctx.params)
        try:
            plugins = console.site.plugins
        except WatchfloorError as error:  # help must work with a broken configuration, and say so
            click.echo(f"warning: commands of plugins are left out: {error}", err=True)
            return {}
        return {
            plugin.name: click.Group(
                plugin.name, commands=list(plugin.commands), help=f"Commands of the plugin '{plugin.name}'."
            )
            for plugin in plugins
            if plugin.commands
        }

    def invoke(self, ctx: click.Context) -> Any:
        """Errors that a person can mend are one sentence; tracebacks only with -v."""
        try:
            return super().invoke(ctx)
        except WatchfloorError as error:
            self._give_up(ctx, str(error), error.exit_code)
        except RedisError as error:
            self._give_up(ctx, explain(error, redact(ctx.obj.url)), StoreError.exit_code)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._give_up(
                ctx, f"there is no room for the output: {error.strerror}", WatchfloorError.exit_code
            )

    def _give_up(self, ctx: click.Context, sentence: str, code: int) -> NoReturn:
        if ctx.params.get("verbose"):
            traceback.print_exc()
        click.echo(f"watchfloor: {sentence}", err=True)
        ctx.exit(code)


def _console(params: dict[str, Any]) -> Console:
    return Console(params.get("config"), params.get("overrides") or (), verbose=bool(params.get("verbose")))


@click.group(
    cls=_Group,
    epilog=EPILOG,
    context_settings={
        "auto_envvar_prefix": "WATCHFLOOR",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
    },
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration; else config.yaml here if there is one, else the defaults.",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Set one setting, such as web.port=8002."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="watchfloor")
@click.pass_context
def cli(ctx: click.Context, /, **params: Any) -> None:
    """Watchfloor shows live what happens on MISP.

    `watchfloor demo` shows it with a simulated MISP; `watchfloor run` with yours.
    """
    ctx.obj = _console(params)
    ctx.call_on_close(ctx.obj.stack.close)


for command in (
    *roles.COMMANDS,
    *demo.COMMANDS,
    *simulate.COMMANDS,
    *replay.COMMANDS,
    *inspect.COMMANDS,
    *failures.COMMANDS,
    *maintain.COMMANDS,
    *scaffold.COMMANDS,
):
    cli.add_command(command)


def main() -> None:
    """The entry point of the `watchfloor` command."""
    sys.exit(cli())
