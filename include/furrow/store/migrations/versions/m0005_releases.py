"""Releases, evaluations, what each release did, and experiments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_releases",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
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
    op.create_table(
        "furrow_evaluations",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("evaluation", sa.String, primary_key=True),
        sa.Column("release", sa.String, primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("test_set", sa.String(64), nullable=False),
        sa.Column("against", sa.String),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.Column("report_uri", sa.Text),
        sa.Index("furrow_evaluations_by_time", "use_case", "at"),
    )
    op.create_table(
        "furrow_windows",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("release", sa.String, primary_key=True),
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("started_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.Index("furrow_windows_by_time", "use_case", "finished_at"),
    )
    op.create_table(
        "furrow_exposures",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("experiment", sa.String, primary_key=True),
        sa.Column("unit", sa.String, primary_key=True),
        sa.Column("arm", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "furrow_outcomes",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("furrow_outcomes_by_unit", "use_case", "unit"),
    )


def downgrade() -> None:
    for name in ("outcomes", "exposures", "windows", "evaluations", "releases"):
        op.drop_table(f"furrow_{name}")
