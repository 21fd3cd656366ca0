"""`new-plugin`: a plugin that passes its own tests, to start from."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click

import watchfloor
from watchfloor.errors import WatchfloorError
from watchfloor.plugins import installed

EXAMPLE = "hello"
_HERE = Path(watchfloor.__file__).parent


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to make it in.",
)
def new_plugin(name: str, into: Path) -> None:
    """Write a new plugin NAME that passes its tests, to start from.

    It has keys, a handler, a live channel, a panel, and tests: the tutorial's plugin under another name.
    Replace what it counts with what you want.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*", name) or keyword.iskeyword(name):
        raise click.BadParameter("use lower-case letters and digits, such as 'phishing'", param_hint="NAME")
    target = into / f"watchfloor-{name}"
    if target.exists():
        raise WatchfloorError(f"{target} exists already: choose another name, or another folder with --into")
    _check_free(name)
    try:
        for source, text in example().items():
            file = target / _renamed(source, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_renamed(text, name), encoding="utf-8")
    except OSError as error:
        raise WatchfloorError(f"{target}: cannot be written ({error.strerror})") from error
    click.echo(f"{target} is ready. Next:\n")
    click.echo(f"  cd {target}\n  pip install -e '.[dev]'\n  pytest\n")
    click.echo(f"and enable it in config.yaml under plugins:  {name}: {{}}")


def _check_free(name: str) -> None:
    from watchfloor.web.names import reserved_names  # noqa: PLC0415 (no other command here needs the web)

    if name in reserved_names():
        raise WatchfloorError(f"a page of the core is called '{name}': choose another name")
    if name in installed():
        raise WatchfloorError(f"a plugin '{name}' is installed already: choose another name")


def example() -> dict[str, str]:
    """The files of the example plugin by their path; the wheel carries them, a checkout has them."""
    folder = _HERE / "example"
    if not folder.is_dir():
        folder = _HERE.parents[1] / "examples" / f"watchfloor-{EXAMPLE}"
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in files
        if not any(
            part.endswith(".egg-info") or part.startswith(".") for part in path.relative_to(folder).parts
        )
    }


def _renamed(text: str, name: str) -> str:
    return text.replace(EXAMPLE, name).replace(EXAMPLE.capitalize(), name.capitalize())


COMMANDS = (new_plugin,)
