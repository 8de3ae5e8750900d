"""What an incoming webhook gets, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from furrow.adapters.webhook import address_of, post
from furrow.engine.ports import Connection
from furrow.errors import (
    ConnectionMissing,
    CredentialsRefused,
    FurrowError,
    RateLimited,
    RequestRejected,
    SinkUnavailable,
)
from tests.webhooks import Webhook, webhook

SECRET = "T0KEN"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with webhook() as listening:
        yield listening


def to(hook: Webhook, **changed: object) -> Connection:
    told = {"host": "127.0.0.1", "port": hook.port, "schema": f"services/{SECRET}", **changed}
    return Connection(id="furrow_digest", type="http", **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("connection", "address"),
    [
        (Connection("c", "https", "chat.example", schema="a/b"), "https://chat.example/a/b"),
        (Connection("c", "http", "chat.example", 8080), "http://chat.example:8080"),
        (Connection("c", "http", "https://chat.example/a"), "https://chat.example/a"),
        (
            Connection("c", "http", "chat.example", schema="https", extra={"endpoint": "/a?b=c"}),
            "https://chat.example/a?b=c",
        ),
    ],
    ids=["a URI", "host and port", "the address as host", "the provider's way"],
)
def test_the_address_is_read_off_the_connection(connection: Connection, address: str) -> None:
    assert address_of(connection) == address


def test_it_gets_the_json_the_headers_and_the_login(hook: Webhook) -> None:
    post(to(hook, login="me", password="pw", extra={"headers": {"X-Team": "ads"}}), {"text": "당근 🥕"})
    [(path, headers, body)] = hook.got
    assert (path, body) == (f"/services/{SECRET}", {"text": "당근 🥕"})
    assert headers["X-Team"] == "ads" and headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (401, CredentialsRefused),
        (403, CredentialsRefused),
        (404, RequestRejected),
        (302, RequestRejected),
        (429, RateLimited),
        (408, SinkUnavailable),
        (503, SinkUnavailable),
    ],
)
def test_what_it_answers_says_whether_a_retry_helps(
    hook: Webhook, code: int, error: type[FurrowError]
) -> None:
    hook.answers = [code]
    with pytest.raises(error, match=rf"`furrow_digest` answered {code}") as caught:
        post(to(hook), {"text": "x"})
    assert SECRET not in str(caught.value)
    assert getattr(caught.value, "retry_after", None) == (7.0 if code == 429 else None)


def test_nobody_there_may_pass_and_the_address_stays_a_secret(hook: Webhook) -> None:
    with pytest.raises(SinkUnavailable, match="ConnectError") as caught:
        post(Connection("c", "http", "127.0.0.1", 1, schema=SECRET), {"text": "x"})
    assert SECRET not in str(caught.value) and caught.value.__suppress_context__


@pytest.mark.parametrize("host", ["", "ftp://chat.example"], ids=["no address", "no web address"])
def test_a_connection_without_an_address_is_named(host: str) -> None:
    with pytest.raises(ConnectionMissing, match="`c`"):
        post(Connection("c", "http", host), {"text": "x"})
