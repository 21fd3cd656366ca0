"""What must not be stored is taken out of log and user messages."""

from __future__ import annotations

import json
import random
from datetime import UTC
from typing import Any

import pytest

from watchfloor import AuditLogged, misp
from watchfloor.misp import Message, Names, redact

_KEY = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA2bC4dE6f"
_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
_SECRET = "hunter2"


def redacted(document: Any, topic: str = "misp_json_audit") -> str:
    """What is left of a message."""
    out = redact(topic, json.dumps(document).encode())
    json.loads(out)
    return out.decode()


def log(change: Any, model: str = "Attribute", **more: Any) -> dict[str, Any]:
    """An entry of the log."""
    return {"Log": {"action": "edit", "model": model, "change": change, **more}, "action": "log"}


@pytest.mark.parametrize(
    "change",
    [
        f"password () => ({_SECRET})",
        f"password (old) => ({_SECRET}, with (brackets) and, commas), autoalert (0) => (1)",
        f"autoalert (0) => (1), authkey (x) => ({_SECRET})",
        f"User (1): password changed to {_SECRET}",
        f"API key: {_SECRET}",
        f"api_key={_SECRET}",
        f"[authkey] => {_SECRET}",
        f"confirm_password : {_SECRET}",
        f"totp ({_SECRET})",
        f"Authorization: {_SECRET}\nAccept: */*",
        f"X-MISP-AUTH: {_SECRET}",
        f"Authorization: Basic {_SECRET}Og==",
        f"got Bearer {_SECRET}.x.y from them",
        f"Cookie: MISP-session={_SECRET}; other=1",
        f"Set-Cookie:\n  MISP={_SECRET}",
        f"HTTP method: POST\nTarget: /users/login\nRequest body: {{\"a\": \"{_SECRET}\"}}",
        f"POST data: a={_SECRET}",
        f"data[User][password]={_SECRET}&x=1",
        f"data%5BUser%5D%5Bpassword%5D={_SECRET}&x=1",
        f"%7B%22password%22%3A%22{_SECRET}%22%7D",
        f"curl https://admin:{_SECRET}@misp.example/events",
        f"https://misp.example/events/index?limit=1&apikey={_SECRET}",
        f"https://misp.example/events/index?%61pi%6Bey={_SECRET}",
        f"https://misp.example/x?next=https%3A//b.example/%3Ftoken%3D{_SECRET}",
        f"/events/restSearch/authkey:{_SECRET}/page:1",
        f'{{"broken": 1, "password": "{_SECRET}"',
        f'see \\"password\\": \\"{_SECRET}\\"',
        f"-----BEGIN RSA PRIVATE KEY-----\n{_SECRET}\n-----END RSA PRIVATE KEY-----",
        {"password": _SECRET}, {"User": {"authkey": ["old", _SECRET]}}, {"Security.salt": [None, _SECRET]},
        {"a": [{"b": {"external_auth_key": {"c": _SECRET}}}]}, {"request": _SECRET}, {"post_body": [_SECRET]},
        {"headers": f"X-Api: {_SECRET}"}, {"hotp_counter": _SECRET}, {"clientSecret": _SECRET},
        {"x" * 101: _SECRET}, {"x" * 101 + _SECRET: 1},
        {"note": f"password: {_SECRET}"}, {f"password={_SECRET}": 1},
        json.dumps({"user": "x", "password": _SECRET}),
        json.dumps({"outer": json.dumps({"inner": json.dumps([{"api_key": _SECRET}])})}),
        json.dumps(f"password: {_SECRET}"),
    ],
    ids=str,
)  # fmt: skip
def test_a_secret_is_removed(change: Any) -> None:
    assert _SECRET not in redacted(log(change))
    assert _SECRET not in redacted({"AuditLog": {"model": "Event", "action": "edit", "change": change}})
    assert _SECRET not in redacted({"controller": "events", "url": "/", "more": [change]})
    assert _SECRET not in redacted({"User": {"email": "a@org.example", "x": change}}, "misp_json_user")


@pytest.mark.parametrize("secret", [_KEY, _KEY.upper(), "0" * 39 + "A", "$2y$10$" + "aB./" * 13 + "Z"])
@pytest.mark.parametrize("around", ["{}", "({})", "a_{}_b", "x%3D{}", "line\\n{}", "<{}>", "/x/{}/y", "é{}é"])
def test_what_looks_like_a_key_is_removed_anywhere(secret: str, around: str) -> None:
    text = around.format(secret)
    assert secret not in redacted(log(text))
    assert secret not in redacted(log("", title=text))
    assert secret not in redacted({text: {"deep": [text]}})


def test_a_hash_stays_but_where_it_may_be_a_key() -> None:
    change = f"value1 () => ({_SHA1})"
    assert _SHA1 in redacted(log(change))
    assert _SHA1 in redacted({"AuditLog": {"model": "Attribute", "change": {"value1": _SHA1}}})
    for model in ("User", "AuthKey"):
        assert _SHA1 not in redacted(log(change, model))
        assert _SHA1 not in redacted({"AuditLog": {"model": model, "change": {"value1": _SHA1}}})
    for controller in ("users", "auth_keys"):
        assert _SHA1 not in redacted({"controller": controller, "url": f"/x/{_SHA1}"})
    assert _SHA1 not in redacted({"User": {"comment": _SHA1}}, "misp_json_user")


@pytest.mark.parametrize(
    "change",
    [
        "", "category (Other) => (Network activity), to_ids (0) => (1)", "The footprint of (x)",
        {"category": ["Other", "Network activity"], "to_ids": 1, "authkey_id": "3"},
        '{"user_agent":"Mozilla/5.0","ip":"192.0.2.1"}', "Event (7): Phishing", "a" * 41, "b" * 39,
        "https://bad.example/x?id=1&page=2", "Ünïcode \U0001f4a3 \u202e",
    ],
    ids=str,
)  # fmt: skip
def test_the_rest_stays(change: Any) -> None:
    document = log(
        change, title="User (1): admin@host.example", email="admin@host.example", request_is_rest=False
    )
    assert json.loads(redacted(document)) == document


def test_other_parameters_of_a_url_stay() -> None:
    left = redacted(log(f"/events/index?limit=1&apikey={_SECRET}&page=2#top"))
    assert "/events/index?limit=1&apikey=[removed]&page=2#top" in left


def test_a_redacted_message_still_means_the_same() -> None:
    entry = {
        "action": "edit",
        "model": "User",
        "model_id": "4",
        "user_id": 1,
        "change": {"password": _SECRET},
    }
    body = redact("misp_json_audit", json.dumps({"AuditLog": entry, "action": "log"}).encode())
    decoded = misp.decode(Message("here", "misp_json_audit", body, 0.0))
    [logged] = misp.activities(decoded, Names(), lambda version: False, UTC)
    assert isinstance(logged, AuditLogged)
    assert (logged.action, logged.model, logged.model_id, logged.user_id) == ("edit", "User", "4", "1")


@pytest.mark.parametrize("topic", ["misp_json_audit", "misp_json_user"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"b'{}'", b'{"a":"\xff%s"}' % _KEY.encode(), b"[" * 100_000, b'"\\ud800"', b"9" * 5_000],
    ids=lambda body: body[:12],
)
def test_what_is_no_json_is_withheld(topic: str, body: bytes) -> None:
    assert json.loads(redact(topic, body)) == {"withheld": f"{len(body)} bytes that are not JSON"}


def test_a_hidden_first_duplicate_does_not_slip_through() -> None:
    assert _SECRET.encode() not in redact("misp_json_audit", b'{"x":"password: hunter2","x":"fine"}')


@pytest.mark.parametrize("topic", sorted({*misp.TOPICS, "new"} - {"misp_json_audit", "misp_json_user"}))
def test_other_topics_are_left_alone(topic: str) -> None:
    body = f'{{"password":"{_KEY}"}}'.encode()
    assert redact(topic, body) is body


def test_redaction_is_done_once() -> None:
    once = redact("misp_json_audit", json.dumps(log(f"password ({_SECRET}) and {_KEY}")).encode())
    assert redact("misp_json_audit", once) == once


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["password", "a", "?", "&x", "?a=", "eyJ.", "-eyJ", "://", "://a:", "%3D", "$2$", " ", "(", "=>",
     "basic ", "-----BEGIN ", "request", "{", '"', "\\", "token[", "passwordx", "otp", "auth key ", "://x:y"],
)  # fmt: skip
def test_no_text_takes_more_than_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    redact("misp_json_audit", json.dumps(log(text)).encode())


def test_any_json_comes_out_as_json() -> None:
    random_ = random.Random(3)
    pieces = [
        "password",
        "authkey",
        " => (",
        ")",
        "=",
        "&",
        "?",
        "{",
        "}",
        '"',
        f" {_KEY} ",
        f"/{_KEY}:",
        "\n",
        ":",
    ]

    def value(depth: int) -> Any:
        kind = random_.randrange(6 if depth else 4)
        if kind == 4:
            return [value(depth - 1) for _ in range(random_.randrange(4))]
        if kind == 5:
            return {text(): value(depth - 1) for _ in range(random_.randrange(4))}
        return [text(), random_.randrange(-9, 10**30), None, json.dumps([text()])][kind]

    def text() -> str:
        return "".join(random_.choices(pieces, k=random_.randrange(8)))

    for _ in range(3_000):
        assert _KEY not in redacted(value(4))
