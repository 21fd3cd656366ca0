"""`lookup`: values, files, logs and folders, against the store, a server or an exported file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError

from watchfloor import Terminal
from watchfloor_hashstore.commands.common import organisation, store_of
from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.lookup import Reader, Who, run
from watchfloor_hashstore.portable.answers import FORMATS, Answer, write
from watchfloor_hashstore.portable.archive import Archive, ArchiveError, read_key
from watchfloor_hashstore.portable.questions import (
    Question,
    lines_of,
    of_folder,
    of_hashes,
    of_log,
    of_values,
)
from watchfloor_hashstore.portable.remote import Remote
from watchfloor_hashstore.settings import Settings

_BATCH = 2000
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
        try:
            with ExitStack() as stack:
                answers = _answers(terminal, settings, options, stack)
                found = write(answers, form, sys.stdout, misses=misses, url=settings.misp_url)
        except RedisError as error:
            raise HashstoreError(f"the store's Redis failed: {error}") from error
        except (ArchiveError, OSError, ValueError) as error:
            raise HashstoreError(str(error)) from error
        sys.exit(0 if found else 1)

    return command


def _answers(
    terminal: Terminal, settings: Settings, options: dict[str, Any], stack: ExitStack
) -> Iterator[Answer]:
    questions = _questions(options, stack)
    if options["store"]:
        archive = stack.enter_context(_archive(options))
        return ((question, archive.find_any(question.digests)) for question in questions)
    if options["server"]:
        return Remote(options["server"], options["api_key"] or "").ask(questions)
    redis = stack.enter_context(store_of(terminal, settings))
    whose = organisation(redis, options["org"]) if options["org"] else None
    return _from_redis(redis, Who(whose, options["everything"]), questions)


def _from_redis(redis: Any, who: Who, questions: Iterable[Question]) -> Iterator[Answer]:
    reader, iterator = Reader(), iter(questions)
    while batch := list(islice(iterator, _BATCH)):
        found = run(redis, reader.ask(who, [question.digests for question in batch]))
        for question, hits in zip(batch, found.hits, strict=True):
            yield question, [asdict(hit) for hit in hits]


def _archive(options: dict[str, Any]) -> Archive:
    archive = Archive(options["store"], read_key(options["key_file"]) if options["key_file"] else b"")
    if archive.expired(time.time()) and not options["even_expired"]:
        raise HashstoreError(f"{options['store']} has expired: get a new one, or use --even-expired")
    click.echo(f"{options['store']}: {archive.described()}", err=True)
    return archive


def _questions(options: dict[str, Any], stack: ExitStack) -> Iterator[Question]:
    for folder in options["trees"]:
        yield from of_folder(folder)
    names = options["files"] or ([] if options["values"] or options["trees"] else [Path("-")])
    streams = [_stream(name, stack) for name in names]
    lines = lines_of(streams)
    yield from _asked(options["values"], options)
    yield from of_log(lines, also_parts=options["parts"]) if options["log"] else _asked(lines, options)


def _asked(values: Iterable[str], options: dict[str, Any]) -> Iterator[Question]:
    return of_hashes(values) if options["hashes"] else of_values(values, also_parts=options["parts"])


def _stream(name: Path, stack: ExitStack) -> Any:
    return sys.stdin.buffer if str(name) == "-" else stack.enter_context(name.open("rb"))
