"""The figures of windows and of days, added up for the pages."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

from furrow.store.windows import WindowRow, sums_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    window_sums = op.create_table(
        "furrow_window_sums",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("release", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("started_at", sa.DateTime(timezone=True), primary_key=True),
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
    op.create_table(
        "furrow_drifts",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("release", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enough", sa.Boolean, nullable=False),
        sa.Column("alarms", sa.JSON, nullable=False),
    )
    op.create_table(
        "furrow_call_days",
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
    op.create_table(
        "furrow_marks",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    _add_up_windows(window_sums)


def _add_up_windows(window_sums: sa.Table) -> None:
    """Those that were noted before; whether one was a shadow's was not written down then."""
    connection = op.get_bind()
    names = ("use_case", "release", "run_id", "started_at", "finished_at", "records", "report")
    types: dict[str, Any] = {
        "report": sa.JSON,
        "started_at": sa.DateTime(timezone=True),
        "finished_at": sa.DateTime(timezone=True),
    }
    windows = sa.table("furrow_windows", *(sa.column(name, types.get(name, sa.String)) for name in names))
    for row in connection.execute(sa.select(windows)).mappings():
        began = row["started_at"] if row["started_at"].tzinfo else row["started_at"].replace(tzinfo=UTC)
        window = WindowRow(**{**row, "started_at": began})
        sums = {name: value for name, value in sums_of(window).items() if name in window_sums.c}
        connection.execute(window_sums.insert().values(sums))


def downgrade() -> None:
    for name in ("window_sums", "drifts", "call_days", "marks"):
        op.drop_table(f"furrow_{name}")
