"""Up to which moment a source that is asked for spans of time was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "furrow_intervals",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("furrow_intervals")
