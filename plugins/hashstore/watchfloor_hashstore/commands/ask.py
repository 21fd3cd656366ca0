"""`lookup`: values, files, logs and folders, against the store, a server or an exported file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from redis.exceptions import RedisError

from watchfloor import Terminal
from watchfloor_hashstore.commands.common import organisation, store_of
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.lookup import Reader, Who, run
from watchfloor_hashstore.portable.answers import FORMATS, Answers, hang_up, shown, write
from watchfloor_hashstore.portable.archive import Archive, ArchiveError, read_key
from watchfloor_hashstore.portable.questions import Questions
from watchfloor_hashstore.portable.reading import How, asked
from watchfloor_hashstore.portable.remote import Remote
from watchfloor_hashstore.settings import Settings

T = TypeVar("T")

_SAY_EVERY = 1.0  # seconds
_FILE = click.Path(path_type=Path, exists=True, allow_dash=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def lookup_command(settings: Settings) -> click.Command:
    """`lookup`."""

    @click.command("lookup")
    @click.argument("values", nargs=-1, metavar="[VALUE]...")
    @click.option(
        "-f", "--file", "files", multiple=True, type=_FILE, help="Look up each line; - is standard input."
    )
    @click.option("--log", is_flag=True, help="Look for indicators in the lines.")
    @click.option(
        "--tree", "trees", multiple=True, type=_FOLDER, help="Look up the hashes of all files in it."
    )
    @click.option("--hashes", is_flag=True, help="What is asked for are SHA-256 of values.")
    @click.option("--parts", is_flag=True, help="Ask for the parts of URLs, pairs and addresses as well.")
    @click.option("--store", metavar="FILE", type=_FILE, help="Ask this export instead of the store.")
    @click.option("--key", "key_file", type=_FILE, help="The file with the key of the export.")
    @click.option("--even-expired", is_flag=True, help="Use an export that has expired.")
    @click.option("--server", metavar="URL", help="Ask this server, as in http://127.0.0.1:8001.")
    @click.option(
        "--api-key", envvar="WATCHFLOOR_API_KEY", help="The key for the server; better in WATCHFLOOR_API_KEY."
    )
    @click.option("--org", help="See what this organisation sees; else what everyone may see.")
    @click.option("--everything", is_flag=True, help="See everything, as a site admin does.")
    @click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How to answer.",
    )
    @click.option("--misses", is_flag=True, help="Name what is not known as well.")
    @click.pass_obj
    def command(terminal: Terminal, /, form: str, misses: bool, **options: Any) -> None:
        """Tell what is known of values. Ends with 0 when something is, 1 when nothing is, 2 on errors."""
        with _explained(), ExitStack() as stack:
            answers = _counted(_answers(terminal, settings, options, stack))
            found = write(answers, form, sys.stdout, misses=misses, url=settings.misp_url)
        sys.exit(0 if found else 1)

    return command


@contextmanager
def _explained() -> Iterator[None]:
    """What goes wrong, as a sentence; nothing of it must end as if nothing were known."""
    try:
        yield
    except RedisError as error:
        raise HashstoreError(f"the store's Redis failed: {error}") from error
    except BrokenPipeError:  # as of `| head`: not all was looked up, and nobody wants to read it
        hang_up(sys.stdout)
        sys.exit(HashstoreError.exit_code)
    except (ArchiveError, OSError, ValueError) as error:
        raise HashstoreError(str(error)) from error
    except KeyboardInterrupt:
        raise HashstoreError("interrupted: not all of it was looked up") from None


def _answers(
    terminal: Terminal, settings: Settings, options: dict[str, Any], stack: ExitStack
) -> Iterator[Answers]:
    if options["store"]:
        return _asked(options, stack, stack.enter_context(_archive(options)).answers)
    if options["server"]:
        return Remote(options["server"], options["api_key"] or "").ask(_asked(options, stack, _as_it_is))
    redis = stack.enter_context(store_of(terminal, settings))
    whose = organisation(redis, options["org"]) if options["org"] else None
    return _from_redis(redis, Who(whose, options["everything"]), _asked(options, stack, _as_it_is))


def _asked(options: dict[str, Any], stack: ExitStack, then: Callable[[Questions], T]) -> Iterator[T]:
    how = How(options["log"], options["hashes"], options["parts"])
    names = options["files"] or ([] if options["values"] or options["trees"] else [Path("-")])
    streams = [_stream(name, stack) for name in names]
    return asked(how, options["trees"], options["values"], streams, then)


def _as_it_is(questions: Questions) -> Questions:
    return questions


def _stream(name: Path, stack: ExitStack) -> Any:
    return sys.stdin.buffer if str(name) == "-" else stack.enter_context(name.open("rb"))


def _from_redis(redis: Any, who: Who, questions: Iterable[Questions]) -> Iterator[Answers]:
    reader = Reader()
    for some in questions:
        (found,) = run(redis, reader.ask([(who, some.hashes)]))
        yield some, {at: msgspec.to_builtins(hits) for at, hits in enumerate(found.hits) if hits}


def _counted(answers: Iterator[Answers]) -> Iterator[Answers]:
    """The answers. If they take long, a terminal that does not show them shows how many there are."""
    began = said = time.monotonic()
    done = 0
    for questions, hits in answers:
        yield questions, hits
        done, now = done + len(questions.texts), time.monotonic()
        if now - said > _SAY_EVERY and sys.stderr.isatty() and not sys.stdout.isatty():
            said = now
            click.echo(f"\r{done:,} looked up, {done / (now - began):,.0f}/s", err=True, nl=False)
    if said > began:
        click.echo(err=True)


def _archive(options: dict[str, Any]) -> Archive:
    archive = Archive(options["store"], read_key(options["key_file"]) if options["key_file"] else b"")
    if archive.expired(time.time()) and not options["even_expired"]:
        raise HashstoreError(f"{options['store']} has expired: get a new one, or use --even-expired")
    click.echo(shown(f"{options['store']}: {archive.described()}"), err=True)
    return archive
