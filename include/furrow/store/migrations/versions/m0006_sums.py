"""The figures of windows and of days, added up for the pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_window_sums",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("release", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("started_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
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


def downgrade() -> None:
    for name in ("window_sums", "drifts", "call_days", "marks"):
        op.drop_table(f"furrow_{name}")
