"""The tables of the state database. A change here needs a revision in migrations/versions.

Their names start with `furrow_` so that they may live in one PostgreSQL database with Airflow's own.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

tables = sa.MetaData()


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment: stored in UTC, read back with its offset on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a moment needs an offset: {value}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactText(sa.TypeDecorator[str]):
    """Text from a model, code point by code point, as UTF-8 bytes.

    A model may answer with NUL, which PostgreSQL's text refuses, or with half an emoji (a lone surrogate),
    which no database takes as text. It was paid for all the same.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).decode("utf-8", "surrogatepass")


calls = sa.Table(
    "furrow_calls",
    tables,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("text", ExactText, nullable=False),
    sa.Column("finish", sa.String, nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("cost_usd", sa.Double),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("alias", sa.String, nullable=False),
    sa.Column("use_case", sa.String, nullable=False),
    sa.Column("step", sa.String, nullable=False),
    sa.Column("release", sa.String, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
    # The cost is in it so that a day's sum reads the index alone.
    sa.Index("furrow_calls_by_time", "created_at", "use_case", "cost_usd"),
    # These give a page its order. With less than all of it in the second, SQLite takes the first for a run.
    sa.Index("furrow_calls_by_use_case", "use_case", "created_at", "key"),
    sa.Index("furrow_calls_by_run", "use_case", "run_id", "created_at", "key"),
)

buyers = sa.Table(
    "furrow_buyers",
    tables,
    sa.Column("buyer", sa.String(64), primary_key=True),
    sa.Column("alive_until", UtcTime, nullable=False),
)

leases = sa.Table(
    "furrow_leases",
    tables,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("buyer", sa.String(64), nullable=False),
    sa.Column("use_case", sa.String, nullable=False),
    sa.Column("reserved_usd", sa.Double, nullable=False),
    sa.Column("pace", sa.String),
    sa.Column("tokens_per_minute", sa.Double),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Index("furrow_leases_by_buyer", "buyer"),
    sa.Index("furrow_leases_by_use_case", "use_case", "reserved_usd"),
)
"""Calls on their way: who may make each, and what is set aside for it."""

budgets = sa.Table(
    "furrow_budgets",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("spent_usd", sa.Double, nullable=False),
    sa.Column("presumed_usd", sa.Double, nullable=False),
    sa.Column("raised_usd", sa.Double, nullable=False),
)
"""A day (UTC) of a use case. presumed: of calls that may have been billed; raised: on top of the cap."""

paces = sa.Table(
    "furrow_paces",
    tables,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("requests_until", sa.Double, nullable=False),
    sa.Column("tokens_until", sa.Double, nullable=False),
)
"""Up to which moment (seconds since 1970) the allowance of a model is given away."""

letters = sa.Table(
    "furrow_dead_letters",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("record_id", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("release", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("step", sa.String),
    sa.Column("message", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("record", ExactText),
    sa.Column("raw", ExactText),
    sa.Index("furrow_dead_letters_by_time", "use_case", "at"),
)
"""What became of a record that was ever rejected, one row for each run that tried it."""

runs = sa.Table(
    "furrow_runs",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("release", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("cost_usd", sa.Double),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("report_uri", sa.Text),
    sa.Index("furrow_runs_by_start", "use_case", "started_at"),
)

intervals = sa.Table(
    "furrow_intervals",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("read_until", UtcTime, nullable=False),
)
"""Up to which moment a source that is asked for spans of time was read."""

replicas = sa.Table(
    "furrow_replicas",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("replica", sa.String, primary_key=True),
    sa.Column("process", sa.String(64), nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("standing", sa.JSON, nullable=False),
)
"""The process that runs each replica of a stream: the last that came, or whose turn is later.

standing: as it was when last seen.
"""

holds = sa.Table(
    "furrow_holds",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
)
"""The runs that are about to store their position; no replica of a stream takes up the source meanwhile."""

releases = sa.Table(
    "furrow_releases",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("release", sa.String, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("from_release", sa.String),
    sa.Column("share", sa.Double, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("evaluation", sa.String),
)
"""Every change of what is live, numbered from 1 without gaps; rows are only ever added."""

evaluations = sa.Table(
    "furrow_evaluations",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("evaluation", sa.String, primary_key=True),
    sa.Column("release", sa.String, primary_key=True),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("test_set", sa.String(64), nullable=False),
    sa.Column("against", sa.String),
    sa.Column("decision", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.Column("report_uri", sa.Text),
    sa.Index("furrow_evaluations_by_time", "use_case", "at"),
)
"""A version on the test set. evaluation: the run that did it; against: the live release it was compared to;
test_set: hash of the cases and of the gate.
"""

windows = sa.Table(
    "furrow_windows",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("release", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("started_at", UtcTime, primary_key=True),
    sa.Column("finished_at", UtcTime, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.Index("furrow_windows_by_time", "use_case", "finished_at"),
)
"""What a release did in one run, or in a span of time of one replica of a stream."""

exposures = sa.Table(
    "furrow_exposures",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("experiment", sa.String, primary_key=True),
    sa.Column("unit", sa.String, primary_key=True),
    sa.Column("arm", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
"""The units of an experiment: the arm that each has, and when it was first published to."""

outcomes = sa.Table(
    "furrow_outcomes",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("outcome", sa.String, primary_key=True),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("furrow_outcomes_by_unit", "use_case", "unit"),
)
"""What people did, by the place where it was read."""

window_sums = sa.Table(
    "furrow_window_sums",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("release", sa.String, primary_key=True),
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("started_at", UtcTime, primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("bought", sa.Integer, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost_usd", sa.Double),
    sa.Column("saved_usd", sa.Double),
    sa.Column("strict", sa.Integer, nullable=False),
    sa.Column("repaired", sa.Integer, nullable=False),
    sa.Column("reasked", sa.Integer, nullable=False),
    sa.Column("escalated", sa.Integer, nullable=False),
    sa.Column("seconds_p50", sa.Double),
    sa.Column("seconds_p95", sa.Double),
    sa.Index("furrow_window_sums_by_day", "use_case", "day"),
    sa.Index("furrow_window_sums_by_start", "started_at"),
)
"""The figures of each window that pages add up, without the rest of its report."""

drifts = sa.Table(
    "furrow_drifts",
    tables,
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("look", sa.String, primary_key=True),
    sa.Column("release", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("enough", sa.Boolean, nullable=False),
    sa.Column("alarms", sa.JSON, nullable=False),
    sa.Index("furrow_drifts_by_time", "use_case", "at"),
)
"""How looks at a use case's drift ended: those that alarmed, and the newest. look: the run, or the hour in
UTC; enough: whether there was a baseline.
"""

call_days = sa.Table(
    "furrow_call_days",
    tables,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("use_case", sa.String, primary_key=True),
    sa.Column("release", sa.String, primary_key=True),
    sa.Column("step", sa.String, primary_key=True),
    sa.Column("alias", sa.String, primary_key=True),
    sa.Column("model", sa.String, primary_key=True),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("unpriced", sa.Integer, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost_usd", sa.Double, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Index("furrow_call_days_by_use_case", "use_case", "day"),
)
"""What was bought on each day (UTC), added up. It stays when the ledger is pruned."""

marks = sa.Table(
    "furrow_marks",
    tables,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
)
"""Up to which moment something is added up."""
