"""Leases of calls, budgets, paces of models, and dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_buyers",
        sa.Column("buyer", sa.String(64), primary_key=True),
        sa.Column("alive_until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "furrow_leases",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("buyer", sa.String(64), nullable=False),
        sa.Column("use_case", sa.String, nullable=False),
        sa.Column("reserved_usd", sa.Double, nullable=False),
        sa.Column("pace", sa.String),
        sa.Column("tokens_per_minute", sa.Double),
        sa.Column("tokens", sa.Integer, nullable=False),
    )
    op.create_index("furrow_leases_by_buyer", "furrow_leases", ["buyer"])
    op.create_index("furrow_leases_by_use_case", "furrow_leases", ["use_case", "reserved_usd"])
    op.create_table(
        "furrow_budgets",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("spent_usd", sa.Double, nullable=False),
        sa.Column("presumed_usd", sa.Double, nullable=False),
        sa.Column("raised_usd", sa.Double, nullable=False),
    )
    op.create_table(
        "furrow_paces",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("requests_until", sa.Double, nullable=False),
        sa.Column("tokens_until", sa.Double, nullable=False),
    )
    op.create_table(
        "furrow_dead_letters",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("record_id", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("release", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("step", sa.String),
        sa.Column("message", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("record", sa.LargeBinary),
        sa.Column("raw", sa.LargeBinary),
    )
    op.create_index("furrow_dead_letters_by_time", "furrow_dead_letters", ["use_case", "at"])
    op.add_column("furrow_calls", sa.Column("used_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("furrow_calls", "used_at")
    for table in ("furrow_dead_letters", "furrow_paces", "furrow_budgets", "furrow_leases", "furrow_buyers"):
        op.drop_table(table)
