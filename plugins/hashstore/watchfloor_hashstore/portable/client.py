"""The single-file client: looks values up in an export, with nothing but Python."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import cast

from .answers import FORMATS, Answers, complain, hang_up, write
from .archive import Archive, ArchiveError, read_key
from .reading import How, asked

FOUND, NONE, ERROR = 0, 1, 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lookup.pyz",
        description="Look values up in a file that `watchfloor hashstore export` made.",
        epilog="Ends with 0 when something is known, with 1 when nothing is, with 2 when something is wrong.",
    )
    add = parser.add_argument
    add("values", nargs="*", metavar="VALUE", help="what to look up; none reads standard input")
    add("--store", required=True, metavar="FILE", help="the export")
    add("--key", metavar="FILE", help="the file with the key that it was made with")
    add(
        "-f",
        "--file",
        action="append",
        default=[],
        metavar="FILE",
        help="look up each line; - is standard input",
    )
    add("--log", action="store_true", help="look for indicators in the lines")
    add("--tree", action="append", default=[], metavar="FOLDER", help="look up the hashes of all files in it")
    add("--hashes", action="store_true", help="what is asked for are SHA-256 of values")
    add("--parts", action="store_true", help="ask for the parts of URLs, pairs and addresses as well")
    add("--format", choices=FORMATS, default="text", help="how to answer (default: %(default)s)")
    add("--misses", action="store_true", help="name what is not known as well")
    add("--misp-url", default="", metavar="URL", help="link events there")
    add("--no-verify", action="store_true", help="do not check the whole file first")
    add("--even-expired", action="store_true", help="use an export that has expired")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with _archive(options) as archive, ExitStack() as stack:
            complain(f"{options.store}: {archive.described()}")
            answers = _answers(archive, options, stack)
            found = write(answers, options.format, sys.stdout, misses=options.misses, url=options.misp_url)
    except BrokenPipeError:  # as of `| head`: not all was looked up, and nobody wants to read it
        hang_up(sys.stdout)
        return ERROR
    except (ArchiveError, OSError, ValueError) as error:
        complain(f"lookup.pyz: {error}")
        return ERROR
    except KeyboardInterrupt:
        complain("lookup.pyz: interrupted: not all of it was looked up")
        return ERROR
    return FOUND if found else NONE


def _archive(options: argparse.Namespace) -> Archive:
    key = read_key(options.key) if options.key else b""
    archive = Archive(options.store, key, verify=not options.no_verify)
    if archive.expired(time.time()) and not options.even_expired:
        raise ArchiveError(
            f"{options.store} has expired: get a new one (--even-expired uses it all the same)"
        )
    return archive


def _answers(archive: Archive, options: argparse.Namespace, stack: ExitStack) -> Iterator[Answers]:
    how = How(options.log, options.hashes, options.parts)
    names = options.file or ([] if options.values or options.tree else ["-"])
    streams = [_stream(name, stack) for name in names]
    return asked(how, map(Path, options.tree), options.values, streams, archive.answers)


def _stream(name: str, stack: ExitStack) -> BufferedReader:
    if name == "-":
        return cast("BufferedReader", sys.stdin.buffer)
    return stack.enter_context(Path(name).open("rb"))
