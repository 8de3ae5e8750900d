"""Sends JSON to an address that an Airflow connection names; chats and pagers call it an incoming webhook."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import httpx

from furrow.engine.ports import Connection
from furrow.errors import ConnectionMissing, CredentialsRefused, RateLimited, RequestRejected, SinkUnavailable

Json = dict[str, Any]
TYPES = ("http", "https")
_SECONDS = 30
_WEB = ("http", "https")


def post(connection: Connection, content: Json) -> None:
    """Post it once. The address is a secret and stands in no message.

    Raises ConnectionMissing (no address in it), CredentialsRefused, RequestRejected; SinkUnavailable or
    RateLimited (retry helps).
    """
    headers = {str(name): str(value) for name, value in (connection.extra.get("headers") or {}).items()}
    login = (connection.login, connection.password) if connection.login else None
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs the address
    try:
        answer = httpx.post(
            address_of(connection), json=content, headers=headers, auth=login, timeout=_SECONDS
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ConnectionMissing(f"the address in connection `{connection.id}` is none; mend it") from error
    except httpx.HTTPError as error:
        raise SinkUnavailable(
            f"connection `{connection.id}` cannot be reached: {type(error).__name__}"
        ) from None
    _raise_for(connection.id, answer)


def address_of(connection: Connection) -> str:
    """Where it leads: `https://host/path` as an Airflow URI, or host, schema, port and `extra.endpoint`."""
    if not connection.host:
        raise ConnectionMissing(f"connection `{connection.id}` has no host; give it the webhook's address")
    base = connection.host
    if "://" not in base:
        scheme = connection.schema if connection.schema in _WEB else connection.type
        base = f"{scheme if scheme in _WEB else 'http'}://{base}"
    if connection.port is not None:
        base = f"{base}:{connection.port}"
    path = "" if connection.schema in _WEB else connection.schema
    path += str(connection.extra.get("endpoint") or "")
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base


def _raise_for(name: str, answer: httpx.Response) -> None:
    code = answer.status_code
    if answer.is_success:
        return
    said = f"connection `{name}` answered {code} {answer.reason_phrase}"
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CredentialsRefused(f"{said}; mend it")
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        raise RateLimited(said, float(wait) if wait.isdigit() else None)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.REQUEST_TIMEOUT:
        raise SinkUnavailable(said)
    raise RequestRejected(f'{said}; it takes no {{"text": …}} there, or the address is not the right one')
