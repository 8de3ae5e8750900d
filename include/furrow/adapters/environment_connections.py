"""Connections from `AIRFLOW_CONN_<ID>` variables, in both of Airflow's formats, without Airflow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from furrow.engine.ports import Connection
from furrow.errors import ConnectionMissing

_EXTRA_KEY = "__extra__"
_EXAMPLE = """'{"conn_type": "…", "host": "…", "password": "…"}' or 'type://login:password@host:port'"""


class EnvironmentConnections:
    """Resolves connection ids from variables, as Airflow itself does outside its database."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ

    def get(self, connection_id: str) -> Connection:
        """The connection of that id. Raises ConnectionMissing, which never shows the value."""
        variable = f"AIRFLOW_CONN_{connection_id.upper()}"
        value = self._environ.get(variable, "").strip()
        if not value:
            raise ConnectionMissing(
                f"connection `{connection_id}` is not defined; set {variable} to {_EXAMPLE},"
                " or add the connection in Airflow"
            )
        try:
            return (
                _from_json(connection_id, value) if value.startswith("{") else _from_uri(connection_id, value)
            )
        except ValueError as error:
            problem = f"connection `{connection_id}` cannot be read from {variable}: {error}"
        raise ConnectionMissing(f"{problem}; write it as {_EXAMPLE}")


def _from_json(connection_id: str, value: str) -> Connection:
    try:
        written = json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at character {error.pos}") from None
    return Connection(
        id=connection_id,
        type=_type(str(written.get("conn_type") or "")),
        host=written.get("host") or "",
        port=_port(written.get("port")),
        login=written.get("login") or "",
        password=written.get("password") or "",
        schema=written.get("schema") or "",
        extra=_extra(written.get("extra")),
    )


def _from_uri(connection_id: str, value: str) -> Connection:
    conn_type, separator, rest = value.partition("://")
    if not separator or not conn_type:
        raise ValueError("neither a JSON object nor a URI")
    protocol, _, address = rest.rpartition("://") if re.match(r"[a-z0-9+.-]+://", rest) else ("", "", rest)
    parts = urlsplit(f"//{address}")
    host = _host(parts.netloc)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Connection(
        id=connection_id,
        type=_type(conn_type),
        host=f"{protocol}://{host}" if protocol and host else host,
        port=_uri_port(parts.netloc),
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        schema=unquote(parts.path[1:]),
        extra=_extra(query[_EXTRA_KEY]) if _EXTRA_KEY in query else query,
    )


def _host(netloc: str) -> str:
    """The host as Airflow keeps it: decoded, and in lower case unless it is a path."""
    address = netloc.rpartition("@")[2]
    bracketed = re.match(r"\[([^\]]*)\]", address)
    host = unquote(bracketed.group(1) if bracketed else address.partition(":")[0])
    return host if "/" in host else host.lower()


def _uri_port(netloc: str) -> int | None:
    written = re.search(r":([^:\]]*)$", netloc.rpartition("@")[2])
    return _port(written.group(1)) if written else None


def _port(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("the port is not a number") from None


def _extra(value: Any) -> dict[str, Any]:
    try:
        extra = json.loads(value) if isinstance(value, str) and value else value
    except json.JSONDecodeError:
        raise ValueError("its extra is not JSON") from None
    if extra is not None and not isinstance(extra, dict):
        raise ValueError("its extra is not a JSON object")
    return extra or {}


def _type(written: str) -> str:
    return "postgres" if written == "postgresql" else written.replace("-", "_")
