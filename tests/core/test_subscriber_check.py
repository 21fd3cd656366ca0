"""Settings of a feed that ZMQ would refuse are told before anything is listened to."""

from __future__ import annotations

import pytest

from watchfloor.config.settings import FeedSettings
from watchfloor.errors import ConfigError
from watchfloor.subscriber.listener import check

URL = "tcp://127.0.0.1:50000"
WRONG = {
    "no port": (FeedSettings("a", "tcp://misp.example"), "feeds[0].url: 'tcp://misp.example' is no address"),
    "any host": (FeedSettings("a", "tcp://*:50000"), "feeds[0].url: 'tcp://*:50000' is no address"),
    "no such port": (FeedSettings("a", "tcp://127.0.0.1:99999"), "feeds[0].url: "),
    "long path": (FeedSettings("a", "ipc:///" + "x" * 300), "feeds[0].url: "),
    "no password": (FeedSettings("a", URL, username="floor"), "feeds[0].password: "),
    "no name": (FeedSettings("a", URL, username="", password="secret"), "feeds[0].username: "),
    "long password": (FeedSettings("a", URL, username="floor", password="x" * 256), "feeds[0].password: "),
    "no key": (FeedSettings("a", URL, curve_server_key="abc"), "feeds[0].curve_server_key: "),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_zmq_refuses_is_one_sentence_with_the_path(what: str) -> None:
    feed, told = WRONG[what]
    with pytest.raises(ConfigError) as caught:
        check(feed, "feeds[0]")
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [URL, "tcp://misp.example:50000", "tcp://[2001:db8::1]:50000", "ipc:///tmp/a"]
)
def test_a_publisher_need_not_be_there(url: str) -> None:
    check(FeedSettings("a", url, username="floor", password="secret"), "feeds[0]")
