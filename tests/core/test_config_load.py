"""Every wrong configuration gives one sentence with path and remedy; every right one the same settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from watchfloor.config import Secret, Settings, Sources, convert, load, zone
from watchfloor.config.show import HIDDEN, effective
from watchfloor.errors import ConfigError

WRONG = {
    "web: {port: abc}": "web.port: expected a whole number, got text ('abc')",
    "web: {port: 70000}": "web.port: expected a whole number <= 65535 (70000)",
    "web: {prot: 1}": "web: unknown setting 'prot' (known: allow_anonymous, host, max_body, port, "
    "streams_per_client, trusted_proxies)",
    "web: {trusted_proxies: [localhost]}": "web.trusted_proxies[0]: 'localhost' is neither an address nor a",
    "web: {trusted_proxies: ['*']}": "web.trusted_proxies[0]: '*' is neither an address nor a network",
    "web: {trusted_proxies: [10.0.0.0/8, 10.0.0.1/33]}": "web.trusted_proxies[1]: '10.0.0.1/33' is neither",
    "nope: 1": "unknown setting 'nope' (known: audience, data,",
    "feeds: [{name: a}]": "feeds[0]: the setting 'url' is missing",
    "feeds: 3": "feeds: expected a list, got a whole number (3)",
    "feeds: [{name: a, url: 'tcp://h:1'}, {name: a, url: 'tcp://h:2'}]": "'a' stands twice",
    "feeds: [{name: a, url: 'http://h'}]": "feeds[0].url: expected text matching",
    "feeds: [{name: a, url: 'tcp://h:1', curve_public_key: x}]": "feeds[0]: curve_public_key and",
    "plugins: [geo]": "plugins: must map names to settings",
    "plugins: {geo: 5}": "plugins.geo: must map settings to values",
    "- 1": "must hold settings",
    "a: [": "line 1, column 5: not valid YAML",
    "web: {port: 1, port: 2}": "'port' stands twice",
    "timezone: Mars/Olympus": "timezone: 'Mars/Olympus' is not a time zone",
    "timezone: ../../etc/passwd": "is not a time zone",
    "redis: {password: '$env:WF_UNSET'}": "redis.password: the environment variable WF_UNSET is not set",
    "redis: {password: '$file:missing'}": "redis.password: the file",
    "redis: {password: 12}": "redis.password: expected text, got a whole number",
    "worker: {batch: 0}": "worker.batch: expected a whole number >= 1 (0)",
    "worker: {batch: 99999999999999999999}": "worker.batch: expected a whole number <= 9007199254740992",
    "worker: {remember_days: 99999999}": "worker.remember_days: expected a whole number <= 36500 (99999999)",
    "worker: {lease_seconds: .inf}": "worker.lease_seconds: expected a number <= 31536000.0 (inf)",
    "redis: {timeout: 1.0e-9}": "redis.timeout: expected a number >= 0.001 (1e-09)",
    "audience: friends": "audience: invalid enum value 'friends'",
}


def config(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "site.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_gives_one_sentence_with_the_path(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, text), environ={})
    assert WRONG[text] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "redis: {password: [hunter2]}",
        "redis: {sentinel_password: {a: hunter2}}",
        "redis: 'redis://ada:hunter2@db.example/0'",
        "feeds: {name: a, password: hunter2}",
        "feeds: [[hunter2]]",
        "plugins: {geo: [hunter2]}",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, text), environ={})
    assert "hunter2" not in str(caught.value)


class _Keyed(msgspec.Struct):
    token: Secret | None = None
    tokens: dict[str, Secret] = msgspec.field(default_factory=dict)


@pytest.mark.parametrize("tree", [{"token": 4711}, {"tokens": {"a": 4711}}])
def test_a_plugin_s_secret_is_not_shown_whatever_it_is_called(tree: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"plugins\.x\.token") as caught:
        convert(tree, _Keyed, "plugins.x", Sources())
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: \x00", b"&a [*a]"])
def test_a_file_that_is_no_text_or_no_yaml_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"site\.yaml"):
        load(file, environ={})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml", environ={})


def test_without_a_file_the_defaults_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(environ={}).settings == Settings()


def test_the_file_beats_the_default_the_environment_the_file_and_the_command_line_all(tmp_path: Path) -> None:
    file = config(tmp_path, "web: {host: 127.0.0.2, port: 1000}\nlog: {level: error}")
    environ = {"WATCHFLOOR_WEB__PORT": "2000", "WATCHFLOOR_LOG__FORMAT": "json", "WATCHFLOOR_DEMO_SEED": "1"}
    settings = load(file, ["web.port=3000"], environ).settings
    assert (settings.web.host, settings.web.port) == ("127.0.0.2", 3000)
    assert (settings.log.level, settings.log.format) == ("error", "json")


def test_lists_and_their_entries_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"WATCHFLOOR_FEEDS": "[{name: a, url: 'tcp://h:1'}]", "WATCHFLOOR_FEEDS__0__URL": "tcp://h:2"}
    feeds = load(config(tmp_path, ""), environ=environ).settings.feeds
    assert [(feed.name, feed.url) for feed in feeds] == [("a", "tcp://h:2")]


@pytest.mark.parametrize("content", ["", "plugins:\nfeeds:\n", "timezone: UTC\n"])
def test_what_is_set_of_one_plugin_or_feed_leaves_the_defaults_in_place(tmp_path: Path, content: str) -> None:
    environ = {"WATCHFLOOR_FEEDS__0__URL": "tcp://h:2"}
    settings = load(config(tmp_path, content), ["plugins.hashstore.live=false"], environ).settings
    assert settings.plugins == {**Settings().plugins, "hashstore": {"live": "false"}}
    assert [(feed.name, feed.url) for feed in settings.feeds] == [("misp", "tcp://h:2")]


def test_a_file_that_lists_plugins_lists_all(tmp_path: Path) -> None:
    file = config(tmp_path, "plugins: {trendings: {}}")
    assert load(file, ["plugins.geo={}"], {}).settings.plugins == {"trendings": {}, "geo": {}}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"WATCHFLOOR_WEB__PORT": "x"},
            "environment WATCHFLOOR_WEB__PORT: web.port: expected a whole number",
        ),
        ({"WATCHFLOOR_FEEDS__7__URL": "x"}, "there is no number 7"),
        ({"WATCHFLOOR_TIMEZONE__X": "x"}, "'timezone' is a value"),
        ({"WATCHFLOOR_WEB__PROT": "1"}, "unknown setting 'prot'"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    file = config(tmp_path, "timezone: UTC\nfeeds: [{name: a, url: 'tcp://h:1'}]")
    with pytest.raises(ConfigError) as caught:
        load(file, environ=environ)
    assert message in str(caught.value)


def test_an_override_without_a_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be path=value"):
        load(config(tmp_path, ""), ["web.port"], {})


def test_secrets_come_from_environment_and_file_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_TEST_URL", "redis://:hunter2@h/0")
    (tmp_path / "pw").write_text("hunter3\n")
    text = "redis: {url: '$env:WATCHFLOOR_TEST_URL', password: '$file:pw', sentinel_password: hunter4}"
    loaded = load(config(tmp_path, text), environ={})
    assert loaded.settings.redis.password == "hunter3"
    shown = {entry.path: entry for entry in effective(loaded, {})}
    assert "hunter" not in str(shown)
    assert shown["redis.url"].shown == shown["redis.password"].shown == HIDDEN
    assert shown["redis.password"].origin == f"{tmp_path / 'site.yaml'} ($file:pw)"
    assert shown["web.port"] == ("web.port", "8001", "default")


def test_a_password_inside_a_url_is_not_shown(tmp_path: Path) -> None:
    loaded = load(config(tmp_path, "redis: {url: 'redis://me:hunter2@h:1/0'}"), environ={})
    assert "hunter2" not in str(effective(loaded, {}))


def test_the_configuration_in_the_repository_loads() -> None:
    file = Path(__file__).parents[2] / "config.yaml"
    assert load(file, environ={}).settings.plugins


def test_the_local_zone_follows_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Luxembourg")
    assert zone(load(config(tmp_path, "timezone: local"), environ={}).settings).key == "Europe/Luxembourg"
