"""Running a failed message again, with the plugin that failed only, exactly once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import WatchError

from watchfloor.misp import Names
from watchfloor.site import Site
from watchfloor.store import failures
from watchfloor.store.failures import Failure
from watchfloor.store.keys import FAILURES
from watchfloor.worker.commit import LiveIds, Transaction
from watchfloor.worker.guard import Guard
from watchfloor.worker.process import Outcome, Processor, Remembered, Seen, decode
from watchfloor.worker.source import Source

if TYPE_CHECKING:
    from watchfloor.store.clients import Commands


def retry(site: Site, redis: Commands, failure: Failure) -> str | None:
    """Why it failed again, None when it passed; what it wrote and the removal are one transaction.

    A failure that another retry removes meanwhile is left alone. Live items of back then are not sent.
    """
    if failure.plugin != "core" and failure.plugin not in {plugin.name for plugin in site.plugins}:
        return f"the plugin {failure.plugin!r} is not enabled"
    if not failure.retriable:
        return (
            f"cannot be run again ({failure.kind}; {len(failure.raw):,} of {failure.size:,} bytes are kept)"
        )
    outcome, seen = _run(site, redis, failure)
    if outcome.failures:
        return outcome.failures[0].error.partition("\n")[0]
    return _apply(site, redis, failure, outcome, seen.met if failure.plugin == "core" else set())


def _run(site: Site, redis: Commands, failure: Failure) -> tuple[Outcome, Seen]:
    plugins = None if failure.plugin == "core" else [p for p in site.plugins if p.name == failure.plugin]
    names = Names()
    item = decode(failure.message)
    seen = Source(redis, site.settings).prepare([item], names)
    if failure.versions:
        seen = Remembered(failure.versions)
    return Processor(site, Guard(), plugins=plugins).run([item], names, seen), seen


def _apply(site: Site, redis: Commands, failure: Failure, outcome: Outcome, met: set[bytes]) -> str | None:
    # What the message told of names is old by now, and must not overwrite what was told since.
    outcome.merged.items.clear()
    tried = False
    while True:
        transaction = Transaction(site.settings, LiveIds("0-0"))
        with redis.pipeline(transaction=True) as pipe:
            pipe.watch(FAILURES())
            if not failures.get(redis, failure.entry):
                return None if tried else "was removed meanwhile"
            pipe.multi()
            transaction.effects(pipe, outcome.merged)
            transaction.knowledge(pipe, {}, met)
            pipe.execute_command("XDEL", FAILURES(), failure.entry)
            try:
                replies: list[Any] = pipe.execute(raise_on_error=False)[:-1]
            except WatchError:
                # The worker recorded another failure just now, or the reply was lost and it did pass.
                tried = True
                time.sleep(0.01)
                continue
        refused = transaction.refused(replies)
        return refused[0].error if refused else None
