"""What Alembic runs: the revisions, on the connection and in the transaction that the caller opened."""

from __future__ import annotations

from alembic import context

from furrow.store.migrations import VERSION_TABLE, ours
from furrow.store.tables import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables,
    version_table=VERSION_TABLE,
    include_name=ours,
)
with context.begin_transaction():
    context.run_migrations()
