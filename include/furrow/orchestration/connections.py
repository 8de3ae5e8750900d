"""Connections as Airflow resolves them: secrets backend, environment, metadata database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from furrow.engine.ports import Connection
from furrow.errors import ConnectionMissing, CredentialsRefused, ProviderUnavailable

if TYPE_CHECKING:
    from furrow.assembly import Deployment


class AirflowConnections:
    """Resolves connection ids inside an Airflow task. The official hooks read the very same connections."""

    def get(self, connection_id: str) -> Connection:
        """Raises ConnectionMissing, CredentialsRefused (this task may not read it) or ProviderUnavailable."""
        found = _found(connection_id)
        return Connection(
            id=connection_id,
            type=found.conn_type or "",
            host=found.host or "",
            port=found.port,
            login=found.login or "",
            password=found.password or "",
            schema=found.schema or "",
            extra=_extra(connection_id, found.extra),
        )

    def bigquery(self, connection_id: str, location: str | None) -> Any:
        """The client of the Google provider's hook. Raises what `get` raises."""
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        found = self.get(connection_id)  # what is wrong with it is said in our words
        hook = BigQueryHook(gcp_conn_id=found.id, use_legacy_sql=False)
        return hook.get_client(project_id=hook.project_id, location=location or hook.location)


def open_deployment() -> Deployment:
    """This deployment, as a task has it: with Airflow's connections."""
    from furrow.assembly import Deployment

    return Deployment(None, AirflowConnections())


def _found(connection_id: str) -> Any:
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        raise ConnectionMissing(
            f"connection `{connection_id}` is not defined; add it in Airflow under Admin > Connections, "
            f"or set AIRFLOW_CONN_{connection_id.upper()}"
        ) from None
    except PermissionError as error:
        raise CredentialsRefused(f"connection `{connection_id}` may not be read here: {error}") from error
    except AirflowRuntimeError as error:
        raise ProviderUnavailable(f"connection `{connection_id}` could not be read: {error}") from error


def _extra(connection_id: str, written: str | None) -> dict[str, Any]:
    try:
        extra = json.loads(written or "{}")
    except json.JSONDecodeError:
        extra = None
    if not isinstance(extra, dict):
        raise ConnectionMissing(f"the extra of connection `{connection_id}` is not a JSON object; mend it")
    return extra
