"""Clients from connections, and which of our errors each answer of BigQuery becomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from furrow.adapters.bigquery_client import client_of, failures, open_client
from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.engine.ports import Connection
from furrow.errors import (
    ConnectionMissing,
    CredentialsRefused,
    RequestRejected,
    SinkUnavailable,
    SourceUnavailable,
)

ANONYMOUS = {"is_anonymous": True, "project": "shop"}


def connection(**extra: Any) -> Connection:
    return Connection("google_cloud_default", "google_cloud_platform", extra=extra)


class Answers(BaseHTTPRequestHandler):
    """Gives every request the same answer."""

    status, reason, message = 500, "backendError", "no"

    def _answer(self) -> None:
        errors = [{"reason": self.reason, "message": self.message}]
        body = {"error": {"code": self.status, "message": self.message, "errors": errors}}
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    """A server that answers as the class that is given says, and clients that talk to it."""

    class Own(Answers):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
        yield Own
        server.shutdown()
        thread.join()


SERIALIZE = "Could not serialize access to table shop:d.t due to concurrent update"
MAPPED = {
    "not known": (401, "authError", "x", CredentialsRefused),
    "not allowed": (403, "accessDenied", "x", CredentialsRefused),
    "quota": (403, "quotaExceeded", "x", SinkUnavailable),
    "rate": (403, "rateLimitExceeded", "x", SinkUnavailable),
    "bad query": (400, "invalidQuery", "x", RequestRejected),
    "no table": (404, "notFound", "x", RequestRejected),
    "changed meanwhile": (412, "conditionNotMet", "x", SinkUnavailable),
    "at once": (400, "invalidQuery", SERIALIZE, SinkUnavailable),
    "too many": (429, "rateLimitExceeded", "x", SinkUnavailable),
    "error": (500, "internalError", "x", SinkUnavailable),
    "down": (503, "backendError", "x", SinkUnavailable),
}


@pytest.mark.parametrize(("status", "reason", "message", "kind"), MAPPED.values(), ids=MAPPED.keys())
def test_an_answer_of_bigquery_becomes_one_of_our_errors(
    answers: type[Answers], status: int, reason: str, message: str, kind: type[Exception]
) -> None:
    answers.status, answers.reason, answers.message = status, reason, message
    client = open_client(connection(**ANONYMOUS))
    with pytest.raises(kind, match=r"table shop\.d\.t: could not be read") as raised:
        read(client)
    assert type(raised.value) is kind
    assert raised.value.__cause__ is not None


def read(client: Any) -> None:
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    with failures("table shop.d.t", "could not be read", SinkUnavailable):
        client.get_table("d.t", retry=DEFAULT_RETRY.with_timeout(0.1))


def test_no_answer_at_all_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    with pytest.raises(SinkUnavailable, match=r"table shop\.d\.t"):
        read(open_client(connection(**ANONYMOUS)))


def test_an_error_of_ours_stays_what_it_is() -> None:
    with (
        pytest.raises(ConnectionMissing, match=r"^gone$"),
        failures("table", "reading", SourceUnavailable),
    ):
        raise ConnectionMissing("gone")


def test_a_defect_of_the_code_is_no_error_of_bigquery() -> None:
    with pytest.raises(KeyError), failures("table", "reading", SourceUnavailable):
        raise KeyError("x")


# --- connections -------------------------------------------------------------------------------------


@pytest.fixture
def key() -> dict[str, str]:
    """A service account's key file, of nobody."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "of-the-key",
        "client_email": "furrow@of-the-key.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.invalid/token",
        "private_key": pem.decode(),
    }


@pytest.mark.parametrize("form", ["object", "text", "old name"])
def test_a_key_in_the_extra_is_used_in_every_form_of_the_provider(key: dict[str, str], form: str) -> None:
    written: Any = key if form == "object" else json.dumps(key)
    name = "extra__google_cloud_platform__keyfile_dict" if form == "old name" else "keyfile_dict"
    client = open_client(connection(**{name: written}), "asia-northeast3")
    assert client.project == "of-the-key"
    assert client.location == "asia-northeast3"
    assert client._credentials.service_account_email == key["client_email"]


def test_a_key_file_is_used_and_the_project_of_the_connection_wins(
    key: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    client = open_client(connection(key_path=str(path), project="shop", location="EU"))
    assert (client.project, client.location) == ("shop", "EU")


def test_a_key_that_is_none_is_refused_and_not_shown() -> None:
    with pytest.raises(CredentialsRefused, match="`google_cloud_default` gives no credentials") as raised:
        open_client(connection(project="shop", keyfile_dict={"private_key": "s3cret", "type": "x"}))
    assert "s3cret" not in str(raised.value)


def test_a_connection_without_a_project_says_where_to_write_it() -> None:
    with pytest.raises(ConnectionMissing, match="set `project` in its extra"):
        open_client(connection(is_anonymous="true"))


def test_what_only_airflow_reads_is_not_passed_over() -> None:
    with pytest.raises(ConnectionMissing, match="`impersonation_chain` is read in Airflow only"):
        open_client(connection(**ANONYMOUS, impersonation_chain="other@x"))


def test_outside_airflow_the_client_is_made_from_the_environments_connection() -> None:
    variable = "google-cloud-platform://?is_anonymous=true&project=shop"
    connections = EnvironmentConnections({"AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": variable})
    assert client_of(connections, "google_cloud_default", None).project == "shop"


def test_where_there_are_hooks_they_make_the_client() -> None:
    made = open_client(connection(**ANONYMOUS))

    class Hooks:
        def bigquery(self, connection_id: str, location: str | None) -> Any:
            return {("mine", "EU"): made}[(connection_id, location)]

        def get(self, connection_id: str) -> Connection:
            raise AssertionError(connection_id)

    assert client_of(Hooks(), "mine", "EU") is made
