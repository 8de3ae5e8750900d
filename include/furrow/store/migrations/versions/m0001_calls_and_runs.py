"""The ledger of paid calls, and the runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_calls",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("text", sa.LargeBinary, nullable=False),
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
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("furrow_calls_by_time", "furrow_calls", ["created_at", "use_case", "cost_usd"])
    op.create_index("furrow_calls_by_run", "furrow_calls", ["use_case", "run_id"])
    op.create_table(
        "furrow_runs",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("release", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("cost_usd", sa.Double),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("report_uri", sa.Text),
    )
    op.create_index("furrow_runs_by_start", "furrow_runs", ["use_case", "started_at"])


def downgrade() -> None:
    op.drop_table("furrow_runs")
    op.drop_table("furrow_calls")
