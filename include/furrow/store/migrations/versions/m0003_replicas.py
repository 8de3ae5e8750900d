"""Who runs each replica of a stream, and how it stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_replicas",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("replica", sa.String, primary_key=True),
        sa.Column("process", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("standing", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("furrow_replicas")
