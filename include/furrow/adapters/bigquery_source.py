"""What a BigQuery query gives for a span of time, as a source: one row, one record.

The span is the run's data interval, reached back to where the last whole read ended, so that a paused DAG, a
failed run or a missed one leaves no gap. A row that is read again has its old id: its answers are paid for.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from furrow.adapters.bigquery_client import PATIENCE_SECONDS, failures
from furrow.config import models
from furrow.engine.ports import Arrival, Interval, Json, Moved
from furrow.errors import RequestRejected, SourceUnavailable
from furrow.store.intervals import ReadIntervals

if TYPE_CHECKING:
    from google.cloud.bigquery import Client
    from google.cloud.bigquery.table import RowIterator

log = logging.getLogger(__name__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class BigQuerySource:
    """The rows of one query.

    interval: the run's own span of time; without one, or with an empty one, the read goes on where the last
    one ended. most_rows: a query that gives more than a run can take is refused, never cut off in silence.
    patience: seconds for which a request is repeated.
    """

    def __init__(
        self,
        config: models.BigQuerySource,
        client: Client,
        use_case: str,
        intervals: ReadIntervals,
        interval: Interval | None = None,
        most_rows: int | None = None,
        patience: float = PATIENCE_SECONDS,
    ):
        self._config, self._client, self._use_case = config, client, use_case
        self._intervals, self._given = intervals, interval
        self._most_rows, self._patience = most_rows, patience
        self._asked: Interval | None = None
        self._whole = False

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """Every row of the span, `id` being `sha256:` and the hash of its JSON: equal rows have equal ids.

        A timestamp becomes ISO 8601 with its offset, NUMERIC a string, BYTES base64, a struct an object.
        Raises SourceUnavailable (retry helps), CredentialsRefused, RequestRejected for a query that
        BigQuery does not take.
        """
        self._whole = False
        self._asked = self._span()
        place = f"source.bigquery of {self._use_case} in project {self._client.project}"
        with failures(place, "the query could not be read", SourceUnavailable):
            rows = self._rows(self._asked)
            self._check(rows.total_rows or 0, limit, place)
            given = 0
            for row in islice(rows, limit):
                given += 1
                value = _record(dict(row.items()))
                yield Arrival(f"sha256:{hashlib.sha256(value).hexdigest()}", value)
            self._whole = given == (rows.total_rows or 0)

    def position(self) -> Json:
        """`{"bigquery": {"start": …, "end": …, "whole": true}}`: the span, and whether all of it was read."""
        if self._asked is None:
            return {"bigquery": None}
        start, end = self._asked.start.isoformat(), self._asked.end.isoformat()
        return {"bigquery": {"start": start, "end": end, "whole": self._whole}}

    def moved(self, position: Json) -> Moved:
        """A span is read again whole: nobody else moves where it ends."""
        return Moved.NOT

    def commit(self, position: Json) -> None:
        """The next read begins at this one's end; after a read that was cut short, at its start once more."""
        told = position["bigquery"]
        if told is not None and told["whole"]:
            self._intervals.advance(self._use_case, datetime.fromisoformat(told["end"]))

    def close(self) -> None:
        """Give the sockets back."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _span(self) -> Interval:
        given = self._given
        end = given.end if given is not None else datetime.now(UTC)
        starts = [self._intervals.read_until(self._use_case)]
        if given is not None and given.start < given.end:
            starts.append(given.start)
        return Interval(min((start for start in starts if start is not None), default=BEGINNING), end)

    def _rows(self, span: Interval) -> RowIterator:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        moments = {"interval_start": span.start.astimezone(UTC), "interval_end": span.end.astimezone(UTC)}
        parameters = [ScalarQueryParameter(name, "TIMESTAMP", moment) for name, moment in moments.items()]
        retry = DEFAULT_RETRY.with_timeout(self._patience)
        log.info("%s: reading from %s to %s", self._use_case, *moments.values())
        job = self._client.query(
            self._config.query,
            job_config=QueryJobConfig(query_parameters=parameters, use_legacy_sql=False),
            retry=retry,
            job_retry=None,
            timeout=self._patience,
        )
        found: Any = job.result(page_size=self._config.page_rows, retry=retry, job_retry=None)
        return found  # type: ignore[no-any-return]

    def _check(self, rows: int, limit: int | None, place: str) -> None:
        """Cut short is what somebody asked for by a limit, and nothing else."""
        if limit is None or rows <= limit:
            return
        if self._most_rows is not None and limit >= self._most_rows:
            raise RequestRejected(
                f"{place}: the query gives {rows:,} rows, a run takes {self._most_rows:,}:"
                " run it more often, raise partition_records, or narrow the query"
            )
        log.info("%s: %d of %d rows are read; the next run reads them all", self._use_case, limit, rows)


def _record(row: Json) -> bytes:
    from pydantic_core import to_json

    return to_json(row, bytes_mode="base64", inf_nan_mode="null", fallback=str)
