"""Redis URLs: what they mean, how faulty ones are explained, and that passwords are never shown."""

from __future__ import annotations

import pytest

from watchfloor.errors import ConfigError
from watchfloor.store.urls import Target, parse, redact


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("redis://", Target((("localhost", 6379),))),
        ("redis://db.example/3", Target((("db.example", 6379),), db=3)),
        ("redis://db.example:1234?db=4", Target((("db.example", 1234),), db=4)),
        ("redis://[2001:db8::1]:1234", Target((("2001:db8::1", 1234),))),
        ("redis://ada:p%40ss@db.example", Target((("db.example", 6379),), username="ada", password="p@ss")),
        ("redis://:secret@db.example", Target((("db.example", 6379),), password="secret")),
        ("rediss://db.example/0", Target((("db.example", 6379),), tls=True)),
        ("unix:///run/a%20b.sock?db=2", Target(path="/run/a b.sock", db=2)),
        ("unix://:secret@/run/s", Target(path="/run/s", password="secret")),
        ("unix:///run/s?password=a%26b", Target(path="/run/s", password="a&b")),
        (
            "sentinel://ada:pw@s1.example,s2.example:1,[2001:db8::1]:2/main?db=5",
            Target(
                (("s1.example", 26379), ("s2.example", 1), ("2001:db8::1", 2)),
                service="main",
                db=5,
                username="ada",
                password="pw",
            ),
        ),
        ("sentinels://s1.example/main", Target((("s1.example", 26379),), service="main", tls=True)),
    ],
)
def test_a_url_means(url: str, target: Target) -> None:
    assert parse(url) == target


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://db.example", "is not a Redis URL: use embedded, redis://host:6379/0"),
        ("db.example:6379", "is not a Redis URL"),
        ("redis://db.example:port", "has an address that is not host:port ('db.example:port')"),
        ("redis://db.example:99999", "has an address that is not host:port"),
        ("redis://one.example:1,two.example:2", "has an address that is not host:port"),
        ("redis://db.example/main", "asks for database 'main', which is not a number"),
        ("redis://db.example?db=-1", "asks for database '-1'"),
        ("redis://db.example?retry_on_timeout=yes", "has the option 'retry_on_timeout'"),
        ("unix://run/redis.sock", "needs an absolute path"),
        ("unix://", "needs an absolute path"),
        ("sentinel://s1.example", "needs the name of the service"),
    ],
)
def test_a_faulty_url_is_explained(url: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(url)
    assert str(raised.value).startswith(f"redis.url: '{url}' ")
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://db.example:6379/0", "redis://db.example:6379/0"),
        ("redis://ada@db.example/0", "redis://ada@db.example/0"),
        ("redis://ada:secret@db.example/0", "redis://ada:***@db.example/0"),
        ("redis://:1234@db.example/0", "redis://:***@db.example/0"),
        ("rediss://ada:se:cr@et@db.example", "rediss://ada:***@db.example"),
        ("redis://:se/cr?et@db.example/0", "redis://:***@db.example/0"),
        ("unix://ada:secret@/run/s@1?db=1", "unix://ada:***@/run/s@1?db=1"),
        ("unix:///run/s?password=secret&db=1", "unix:///run/s?password=***&db=1"),
        (
            "sentinel://:secret@s1.example:1,s2.example:2/main",
            "sentinel://:***@s1.example:1,s2.example:2/main",
        ),
        ("sentinel://s1.example:1,s2.example:2/m@in", "sentinel://s1.example:1,s2.example:2/m@in"),
        ("embedded", "embedded"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    assert redact(url) == shown
