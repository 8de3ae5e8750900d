"""The history of the state database's schema, as Alembic revisions that Furrow applies itself."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

VERSION_TABLE = "furrow_version"
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision, oldest first. Written down so that a current database needs no Alembic to say so."""
HEAD = REVISIONS[-1]


def upgrade(connection: Connection) -> None:
    """Apply what is missing, inside the transaction that `connection` is in. The caller holds a lock."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, HEAD)


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic should look at a table: others may live in the same database."""
    return kind != "table" or (name or "").startswith("furrow_")
