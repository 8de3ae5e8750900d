"""A BigQuery table as a sink: the history of results, one row for each record and event time.

A publication is loaded into a staging table of its own and merged from there in one statement. The staging
table's name and the load's job id are a hash of the rows, so whoever tries again goes on where the last one
was killed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from furrow.adapters import bigquery_sql as sql
from furrow.adapters.bigquery_client import PATIENCE_SECONDS, failures
from furrow.adapters.bigquery_schema import (
    EVENT_TIME,
    KEY,
    ORDER,
    PUBLISHED_AT,
    TableName,
    missing_columns,
    result_fields,
    staging_columns,
    table_columns,
)
from furrow.adapters.publication_lock import publication_lock
from furrow.config import models
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase
from furrow.engine.ports import Json, Row
from furrow.errors import OptionUnknown, RequestRejected, SinkUnavailable

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, SchemaField, Table

STAGING_KEPT = timedelta(days=1)
"""After so long BigQuery drops a staging table that nobody came back to."""
VIEW_ENDING = "_newest"


class BigQuerySink:
    """One table. The table, its view and new columns are made as they are needed, unless `create` is off.

    patience: seconds for which a request is repeated.
    """

    def __init__(
        self,
        settings: Settings,
        config: models.BigQuerySink,
        client: Client,
        use_case: UseCase,
        patience: float = PATIENCE_SECONDS,
    ):
        self._settings, self._config, self._client = settings, config, client
        self._patience = patience
        self._fields = result_fields(use_case)
        self._view_stands = False
        self.table = TableName.parse(config.table, client.project)

    def publish(self, rows: Sequence[Row]) -> int:
        """Write the rows; how many of them are now the newest of their key. Publishing again changes nothing.

        Raises SinkUnavailable (retry helps), CredentialsRefused, or RequestRejected when the table or a
        value is not such that BigQuery takes it.
        """
        distinct = list({(row.record_id, row.event_time): row for row in rows}.values())
        if not distinct:
            return 0
        content = self._lines(distinct)
        times = [row.event_time.astimezone(UTC) for row in distinct]
        with (
            failures(f"table {self.table}", "results could not be written", SinkUnavailable),
            publication_lock(self._settings, f"bigquery.{self.table}"),
        ):
            self._prepare()
            staging = self._staging(content)
            with self._alone_with(staging):
                self._stage(staging, content, len(distinct))
                self._merge(staging, min(times), max(times))
                now = self._run(sql.in_effect(self.table, staging), least=min(times))
            self._client.delete_table(str(staging), retry=self._retry, not_found_ok=True)
        return int(now[0]["n"])

    def read(self, keys: Sequence[str]) -> dict[str, Json]:
        """key -> the fields of its newest row with `release`, `run_id`, `record_id` and `event_time`
        (ISO 8601, UTC). Keys that are not there are left out. Raises SinkUnavailable.
        """
        if not keys:
            return {}
        with failures(f"table {self.table}", "results could not be read", SinkUnavailable):
            rows = self._run(sql.newest_of(self.table, self._columns), keys=list(dict.fromkeys(keys)))
        return {row[KEY]: _plain(row) for row in rows}

    def close(self) -> None:
        """Give the sockets back."""
        self._client.close()  # type: ignore[no-untyped-call]

    # --- the table -------------------------------------------------------------------------------

    @cached_property
    def _columns(self) -> list[SchemaField]:
        return table_columns(self._fields)

    def _prepare(self) -> None:
        """The table has every column, and its view shows them."""
        table = self._found(self.table) or self._created()
        missing = missing_columns(self.table, table.schema, self._columns)
        if missing:
            self._may_change(f"it lacks the columns {', '.join(column.name for column in missing)}")
            table.schema = [*table.schema, *map(_nullable, missing)]
            self._client.update_table(table, ["schema"], retry=self._retry)  # refused if it changed meanwhile
        if self._config.create and not self._view_stands:
            self._show_newest()
            self._view_stands = True

    def _created(self) -> Table:
        from google.cloud.bigquery import Table, TimePartitioning

        self._may_change("it is not there")
        table = Table(str(self.table), schema=self._columns)
        table.time_partitioning = TimePartitioning(field=EVENT_TIME)
        table.clustering_fields = [KEY]
        return self._client.create_table(table, exists_ok=True, retry=self._retry)

    def _may_change(self, why: str) -> None:
        if not self._config.create:
            raise RequestRejected(f"table {self.table}: {why}; mend it, or set publish.bigquery.create")

    def _show_newest(self) -> None:
        name = self.table.beside(self.table.table + VIEW_ENDING)
        wanted, there = sql.newest(self.table, self._columns), self._found(name)
        if there is not None and there.table_type != "VIEW":
            raise RequestRejected(f"{name} is no view: the newest row of each key is shown there; rename it")
        if there is None or there.view_query != wanted:
            self._run(f"CREATE OR REPLACE VIEW {name.quoted} AS\n{wanted}")

    def _found(self, name: TableName) -> Table | None:
        from google.api_core.exceptions import NotFound

        try:
            return self._client.get_table(str(name), retry=self._retry)
        except NotFound:
            return None

    # --- one publication -------------------------------------------------------------------------

    def _staging(self, content: bytes) -> TableName:
        mark = hashlib.sha256(f"{self.table}\n".encode() + content).hexdigest()[:32]
        return self.table.beside(f"furrow_staging_{self.table.table}_{mark}")

    @contextmanager
    def _alone_with(self, staging: TableName) -> Iterator[None]:
        """Another publisher of the same rows, who shares no lock with us, may drop what we need."""
        from google.api_core.exceptions import NotFound

        try:
            yield
        except NotFound as error:
            if self._found(self.table) is None or self._found(staging) is not None:
                raise
            raise SinkUnavailable(
                f"table {staging} was dropped by another publisher of these rows"
            ) from error

    def _stage(self, staging: TableName, content: bytes, rows: int) -> None:
        """The rows are in the staging table: as somebody left them there, or loaded now."""
        from google.cloud.bigquery import Table

        if self._holds(staging, rows):
            return
        table = Table(str(staging), schema=staging_columns(self._columns))
        table.expires = datetime.now(UTC) + STAGING_KEPT
        self._client.create_table(table, exists_ok=True, retry=self._retry)
        for job_id in (staging.table, f"{staging.table}_{uuid4().hex}"):
            self._load(staging, content, job_id)
            if self._holds(staging, rows):
                return
        raise SinkUnavailable(f"table {staging} does not hold the {rows} rows that were loaded into it")

    def _holds(self, staging: TableName, rows: int) -> bool:
        table = self._found(staging)
        return table is not None and table.num_rows == rows

    def _load(self, staging: TableName, content: bytes, job_id: str) -> None:
        """Load the rows, or wait for the job of that id: an earlier attempt, or an earlier publication.

        One that failed is of no use any more, nor one whose table was dropped since: another id follows.
        """
        from google.api_core.exceptions import Conflict, GoogleAPICallError
        from google.cloud.bigquery import LoadJobConfig

        config = LoadJobConfig(
            schema=staging_columns(self._columns),
            source_format="NEWLINE_DELIMITED_JSON",
            write_disposition="WRITE_TRUNCATE",
        )
        try:
            job = self._client.load_table_from_file(
                io.BytesIO(content),
                str(staging),
                size=len(content),
                job_id=job_id,
                job_config=config,
                timeout=self._patience,
            )
            job.result(retry=self._retry)
        except Conflict:
            with suppress(GoogleAPICallError):
                self._client.get_job(job_id, retry=self._retry).result(retry=self._retry)

    def _merge(self, staging: TableName, least: datetime, most: datetime) -> None:
        self._run(sql.merge(self.table, staging, self._columns), least=least, most=most)

    def _lines(self, rows: Sequence[Row]) -> bytes:
        return b"".join(self._line(number, row) for number, row in enumerate(rows))

    def _line(self, number: int, row: Row) -> bytes:
        unknown = row.values.keys() - self._fields.keys()
        if unknown:
            raise OptionUnknown(f"table {self.table}: no version has the field {', '.join(sorted(unknown))}")
        stamps = {
            KEY: row.key,
            EVENT_TIME: row.event_time.astimezone(UTC).isoformat(timespec="microseconds"),
            "release": row.release,
            "run_id": row.run_id,
            "record_id": row.record_id,
            ORDER: number,
        }
        # What is left out is null, and of a list nothing: a null list BigQuery would not take.
        values = {name: value for name, value in row.values.items() if value is not None}
        try:
            return orjson.dumps(values | stamps, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError as error:
            raise RequestRejected(
                f"table {self.table}: the result of {row.key!r} is not JSON: {error}"
            ) from error

    # --- the client ------------------------------------------------------------------------------

    def _run(self, statement: str, **parameters: Any) -> list[Any]:
        from google.cloud.bigquery import QueryJobConfig

        config = QueryJobConfig(query_parameters=[_parameter(*pair) for pair in parameters.items()])
        job = self._client.query(
            statement, job_config=config, retry=self._retry, job_retry=None, timeout=self._patience
        )
        return list(job.result(retry=self._retry, job_retry=None))

    @cached_property
    def _retry(self) -> Any:
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(self._patience)


def _parameter(name: str, value: Any) -> Any:
    from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

    if isinstance(value, list):
        return ArrayQueryParameter(name, "STRING", value)
    return ScalarQueryParameter(name, "TIMESTAMP", value)


def _nullable(column: SchemaField) -> SchemaField:
    from google.cloud.bigquery import SchemaField

    mode = "NULLABLE" if column.mode == "REQUIRED" else column.mode
    return SchemaField(column.name, column.field_type, mode=mode, description=column.description)


def _plain(row: Any) -> Json:
    values = {name: value for name, value in row.items() if name not in (KEY, PUBLISHED_AT)}
    moment = values[EVENT_TIME].astimezone(UTC).isoformat(timespec="microseconds")
    return {name: _json(value) for name, value in values.items()} | {EVENT_TIME: moment}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
