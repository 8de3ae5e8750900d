"""BigQuery's client of a `google_cloud_platform` connection, and its errors in our tree.

In Airflow the provider's hook makes the client. Elsewhere it is made here, from the same fields of the
connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from furrow.engine.ports import Connection, Connections, GoogleHooks, Json
from furrow.errors import (
    ConnectionMissing,
    CredentialsRefused,
    FurrowError,
    RequestRejected,
    SinkUnavailable,
    SourceUnavailable,
)

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

PATIENCE_SECONDS = 60.0
"""How long a request is repeated while BigQuery does not answer it well; then the task's retry takes over."""

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_OLD_PREFIX = "extra__google_cloud_platform__"
_ONLY_IN_AIRFLOW = ("key_secret_name", "impersonation_chain", "idp_issuer_url")
_REFUSED, _REJECTED = {401, 403}, {400, 404, 405, 413, 422}
_PASSING = {
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "tableUnavailable",
}
"""Reasons that pass, whatever the status: a quota, for one, is a 403."""
_CONCURRENT = ("could not serialize access", "concurrent update", "too many dml statements")


def client_of(connections: Connections, connection_id: str, location: str | None) -> Client:
    """The client of that connection: the hook's where there is one. Raises ConnectionMissing or RunError."""
    if isinstance(connections, GoogleHooks):
        made: Client = connections.bigquery(connection_id, location)
        return made
    return open_client(connections.get(connection_id), location)


def open_client(connection: Connection, location: str | None = None) -> Client:
    """A client from the connection's extra: `project`, and `keyfile_dict`, `key_path`,
    `credential_config_file`, `is_anonymous`, or else the credentials that the machine has.

    location: where queries run, before what the extra says. Raises ConnectionMissing, CredentialsRefused.
    """
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.bigquery import Client

    extra = {name.removeprefix(_OLD_PREFIX): value for name, value in connection.extra.items()}
    unread = [name for name in _ONLY_IN_AIRFLOW if extra.get(name)]
    if unread:
        raise ConnectionMissing(f"connection `{connection.id}`: `{unread[0]}` is read in Airflow only")
    try:
        credentials, project = _credentials(extra)
    except (GoogleAuthError, ValueError, OSError) as error:
        problem = f"connection `{connection.id}` gives no credentials: {_first_line(error)}"
        raise CredentialsRefused(f"{problem}; set keyfile_dict or key_path in its extra") from None
    project = extra.get("project") or project
    if not project:
        raise ConnectionMissing(f"connection `{connection.id}` names no project; set `project` in its extra")
    return Client(project, credentials, location=location or extra.get("location") or None)


def _credentials(extra: Json) -> tuple[Any, str | None]:
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.service_account import Credentials

    if str(extra.get("is_anonymous")).lower() in ("true", "1"):
        return AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    if written := extra.get("keyfile_dict"):
        key = json.loads(written) if isinstance(written, str) else written
        return Credentials.from_service_account_info(key, scopes=_SCOPES), key.get("project_id")  # type: ignore[no-untyped-call]
    if path := extra.get("key_path"):
        credentials = Credentials.from_service_account_file(path, scopes=_SCOPES)  # type: ignore[no-untyped-call]
        return credentials, credentials.project_id
    if path := extra.get("credential_config_file"):
        return google.auth.load_credentials_from_file(path, scopes=_SCOPES)  # type: ignore[no-untyped-call, no-any-return]
    return google.auth.default(scopes=_SCOPES)


@contextmanager
def failures(
    place: str, doing: str, unavailable: type[SourceUnavailable] | type[SinkUnavailable]
) -> Iterator[None]:
    """Every error of the client becomes one of ours. place: what is read or written, and how.

    Raises `unavailable` (retry helps), CredentialsRefused or RequestRejected.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        yield
    except FurrowError:
        raise
    except GoogleAPICallError as error:
        raise _failure(error, place, doing, unavailable) from error
    except (RetryError, TransportError, OSError, TimeoutError) as error:
        raise unavailable(f"{place}: {doing}: {_first_line(error)}") from error
    except GoogleAuthError as error:
        problem = f"{place}: {doing}: {_first_line(error)}"
        raise CredentialsRefused(f"{problem}; check the credentials of the connection") from error


def _failure(
    error: Any, place: str, doing: str, unavailable: type[SourceUnavailable] | type[SinkUnavailable]
) -> FurrowError:
    what = f"{place}: {doing}: {_first_line(error)}"
    reasons = {told.get("reason") for told in error.errors if isinstance(told, dict)}
    collided = any(words in str(error).lower() for words in _CONCURRENT)
    if collided or reasons & _PASSING:
        return unavailable(what)
    if error.code in _REFUSED:
        return CredentialsRefused(f"{what}; check what the connection's account may do there")
    if error.code in _REJECTED:
        return RequestRejected(what)
    return unavailable(what)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
