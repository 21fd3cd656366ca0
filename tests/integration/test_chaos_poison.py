"""Messages that take the worker down: set aside at the third time, and no innocent one with them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from books import check_all, frame, hundreds, store, total
from lab import Lab, Server, until

from watchfloor import misp
from watchfloor.misp import Message
from watchfloor.store import failures
from watchfloor.store.clients import Commands
from watchfloor.store.keys import ATTEMPTS, FAILURE_COUNTS, WORKER_STATS
from watchfloor.testing import SiteMaker
from watchfloor.worker import loop
from watchfloor.worker.loop import Worker


def work_through(lab: Lab, redis: Commands, count: int, deaths: int) -> None:
    """Start the worker, and again whenever it died, which it does so often, until all is counted."""
    worker = lab.start("work")
    for _ in range(deaths):
        until(lambda: not worker.alive(), "the end of the worker")  # noqa: B023 (used up before it changes)
        worker = lab.start("work")
    until(lambda: total(redis) >= count and len(hundreds(redis)) == count // 100, f"{count} messages")
    assert worker.stop() == 0


@pytest.mark.parametrize("trouble", ["kill", "hang"])
def test_a_message_that_ends_the_worker_is_set_aside_at_the_third_time(
    trouble: str, lab: Lab, server: Server
) -> None:
    lab.configure(
        redis={"url": server.url}, worker={"lease_seconds": 0.3, "stuck_seconds": 1.2, "batch": 100}
    )
    redis = lab.connect(server.url)
    bad = {137, 250} if trouble == "kill" else {137}
    store(redis, (frame(number, trouble if number in bad else "") for number in range(300)))
    work_through(lab, redis, 300 - len(bad), deaths=3 * len(bad))
    check_all(redis, {"misp": [n for n in range(300) if n not in bad]}, failed=len(bad))
    for failure in failures.read(redis):
        assert (failure.plugin, failure.kind, failure.topic) == ("core", "fatal", "misp_json_attribute")
        assert f'"comment": "{trouble}"'.encode() in failure.raw
        assert failure.error == "the worker died 3 times with this message in hand"
        assert failure.retriable
    assert redis.hgetall(FAILURE_COUNTS()) == {b"core:fatal": str(len(bad)).encode()}
    assert not redis.exists(ATTEMPTS())
    assert list((lab.folder / "data").glob("*.marker")) == []


@pytest.mark.parametrize("stage", ["decode", "activities"])
def test_a_message_that_the_core_stumbles_over_is_set_aside_too(
    stage: str, make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(worker={"lease_seconds": 0.5})
    store(site.redis, (frame(number, "stumble" if number == 7 else "") for number in range(10)))

    def stumbling(function: Callable[..., Any]) -> Callable[..., Any]:
        def stumble(subject: Any, *rest: Any) -> Any:
            message = subject if isinstance(subject, Message) else subject.message
            if b"stumble" in message.body:
                raise RuntimeError("a fault of the core")
            return function(subject, *rest)

        return stumble

    where: tuple[Any, str] = (loop, "decode") if stage == "decode" else (misp, "activities")
    monkeypatch.setattr(*where, stumbling(getattr(*where)))
    for _ in range(3):
        with pytest.raises(RuntimeError):
            Worker(site.site, site.url).run(threading.Event(), drain=True)
    assert site.work() == 10
    [failure] = failures.read(site.redis)
    assert (failure.kind, failure.topic) == ("fatal", "misp_json_attribute")
    assert b"stumble" in failure.raw
    assert site.redis.hget(WORKER_STATS(), "activities:AttributeShared") == b"9"
    assert not site.redis.exists(ATTEMPTS())
