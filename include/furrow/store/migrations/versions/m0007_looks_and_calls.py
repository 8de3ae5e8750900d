"""Every look at drift that alarmed, not the newest alone; calls by index in the order of their page."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TYPES: dict[str, Any] = {
    "use_case": sa.String,
    "release": sa.String,
    "at": sa.DateTime(timezone=True),
    "enough": sa.Boolean,
    "alarms": sa.JSON,
}


def upgrade() -> None:
    op.create_index("furrow_calls_by_use_case", "furrow_calls", ["use_case", "created_at", "key"])
    op.drop_index("furrow_calls_by_run", "furrow_calls")
    op.create_index("furrow_calls_by_run", "furrow_calls", ["use_case", "run_id", "created_at", "key"])
    newest = _rows()
    op.drop_table("furrow_drifts")
    looks = op.create_table(
        "furrow_drifts",
        sa.Column("use_case", sa.String, primary_key=True),
        sa.Column("look", sa.String, primary_key=True),
        sa.Column("release", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enough", sa.Boolean, nullable=False),
        sa.Column("alarms", sa.JSON, nullable=False),
        sa.Index("furrow_drifts_by_time", "use_case", "at"),
    )
    for row in newest:
        at = row["at"] if row["at"].tzinfo is None else row["at"].astimezone(UTC)
        op.get_bind().execute(looks.insert().values(row | {"look": f"{at:%Y-%m-%dT%H}"}))


def downgrade() -> None:
    op.drop_index("furrow_calls_by_use_case", "furrow_calls")
    op.drop_index("furrow_calls_by_run", "furrow_calls")
    op.create_index("furrow_calls_by_run", "furrow_calls", ["use_case", "run_id"])
    newest = {row["use_case"]: row for row in _rows()}
    op.drop_table("furrow_drifts")
    columns = (
        sa.Column(name, kind, primary_key=name == "use_case", nullable=False) for name, kind in _TYPES.items()
    )
    table = op.create_table("furrow_drifts", *columns)
    for row in newest.values():
        op.get_bind().execute(table.insert().values(row))


def _rows() -> list[dict[str, Any]]:
    """The oldest first."""
    table = sa.table("furrow_drifts", *(sa.column(name, kind) for name, kind in _TYPES.items()))
    rows = op.get_bind().execute(sa.select(table).order_by(table.c.at)).mappings()
    return [dict(row) for row in rows]
