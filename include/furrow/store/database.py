"""The state database: one SQLAlchemy engine per process, brought to this release's schema when it is opened.

SQLite by default, PostgreSQL in production, the same code on both. An error says what happens next: the
database could not be reached or was busy (StoreUnavailable, retry helps), or it is not as it was written
(StoreDamaged, a person acts). Neither is ever answered with "there is nothing".
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random,
    wait_random_exponential,
)

from furrow.errors import ConfigError, FurrowError, Problem, RunError, StoreDamaged, StoreUnavailable
from furrow.store import migrations

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""How long one attempt waits for another that writes (SQLite), or for a free connection."""

_LONGEST_LOOK_SECONDS = 0.01
"""How often a writer looks whether it is its turn. SQLite's own looks are up to 0.1 s apart, and between two
transactions of others there is a millisecond: with many writers some of them missed all of those for 20 s,
which is a lease. `bench/writers.py` shows both."""

_WRITES, _DURABLE = "furrow_writes", "furrow_durable"
_MIGRATION_LOCK = (
    0x465552524F57  # "FURROW"; only has to differ from the locks of others in the same PostgreSQL
)


class Database:
    """The state database of one deployment. May be shared between threads and carried across a fork.

    Each process gets an engine of its own: a connection that a parent opened is never used by its child.
    Do not fork while another thread is inside it, though: SQLite's inner locks would be copied as taken.
    patience: seconds that one attempt waits for its turn; about two of them, then StoreUnavailable.
    """

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS):
        self._url = _address(url)
        self._patience = patience
        # The engines of a parent stay here: dropping one would close the parent's connections under it.
        self._engines: dict[int, Engine] = {}
        self._turns: dict[int, threading.Lock] = {}

    @property
    def name(self) -> str:
        """The address without its password, for messages."""
        return self._url.render_as_string(hide_password=True)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    @property
    def engine(self) -> Engine:
        """The engine of this process."""
        pid = os.getpid()
        return self._engines.get(pid) or self._engines.setdefault(pid, _engine(self._url, self._patience))

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An insert in the dialect of this database; both know `on_conflict_do_nothing` and `…_do_update`."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction that writes nothing, and return what it returns.

        Raises StoreUnavailable when a few attempts did not help, StoreDamaged at once.
        """
        return self._attempts(work)

    def write(self, work: Callable[[Connection], T], durable: bool = True) -> T:
        """Run `work` in one transaction, durable when this returns.

        durable: False for what means nothing any more once the machine has lost its power. SQLite, whose
        writers are all on that machine, then does without the flush to the disk; a killed process loses
        nothing. PostgreSQL makes no difference.

        A failed attempt is rolled back and done again, also when a commit went through but its confirmation
        was lost: `work` must be idempotent and touch nothing but the database. Raises like `read`.
        """
        return self._attempts(work, **{_WRITES: True, _DURABLE: durable})

    def close(self) -> None:
        """Close the connections of this process; the next use opens new ones."""
        engine = self._engines.pop(os.getpid(), None)
        if engine is not None:
            engine.dispose()

    def _attempts(self, work: Callable[[Connection], T], **options: bool) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(StoreUnavailable),
            stop=stop_after_attempt(8) | stop_after_delay(2 * self._patience),
            wait=wait_random_exponential(multiplier=0.02, max=2.0),
            reraise=True,
        )
        result: T = retrying(self._transaction, work, options)
        return result

    def _transaction(self, work: Callable[[Connection], T], options: dict[str, bool]) -> T:
        try:
            with self._turn(options), self.engine.connect() as connection:
                connection.execution_options(**options)
                with connection.begin():
                    return work(connection)
        except exc.SQLAlchemyError as error:
            branch = _branch(error)
            if branch is None:
                raise
            raise branch(f"state database {self.name}: {_words(error)}") from error

    @contextmanager
    def _turn(self, options: dict[str, bool]) -> Iterator[None]:
        """One writer of a process at a time on SQLite: its threads wait for each other, not for the file."""
        if self.dialect != "sqlite" or not options.get(_WRITES, False):
            yield
            return
        turn = self._turns.setdefault(os.getpid(), threading.Lock())
        if not turn.acquire(timeout=self._patience):
            raise StoreUnavailable(f"state database {self.name}: locked by another thread of this process")
        try:
            yield
        finally:
            turn.release()


_databases: dict[str, Database] = {}
_migrating = threading.Lock()
"""Alembic is not made for two threads."""


def open_database(url: str) -> Database:
    """The state database at an SQLAlchemy URL, its schema brought up to this release if it is behind.

    Cheap when the schema is current; the same object for the same URL within a process. Any number of
    processes may open a new database at once.
    Raises ConfigError (not an address), RunError (a newer Furrow wrote it), StoreUnavailable (retry helps),
    StoreDamaged.
    """
    database = _databases.get(url) or _databases.setdefault(url, Database(url))
    revision = database.read(_revision)
    if revision is not None and revision not in migrations.REVISIONS:
        raise RunError(f"state database {database.name} was written by a newer Furrow (schema {revision})")
    if revision != migrations.HEAD:
        with _migrating:
            database.write(_upgrade)
    return database


def _revision(connection: Connection) -> str | None:
    """The schema that the database has; None when it is new."""
    if not sa.inspect(connection).has_table(migrations.VERSION_TABLE):
        return None
    version = sa.table(migrations.VERSION_TABLE, sa.column("version_num", sa.String))
    return connection.scalar(sa.select(version.c.version_num))


def _upgrade(connection: Connection) -> None:
    """Bring the schema up, alone: SQLite's write lock is held already, PostgreSQL has a lock for this."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    if _revision(connection) != migrations.HEAD:
        migrations.upgrade(connection)


def exists(url: str) -> bool:
    """Whether there may be a state database: False only for a file that is not there."""
    address = _address(url)
    return address.get_backend_name() != "sqlite" or Path(str(address.database)).exists()


# --- engines ---------------------------------------------------------------------------------------


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        hint = "write it as sqlite:////folder/furrow.db or postgresql://user:password@host/database"
        raise ConfigError(
            Problem("FURROW_DB", None, f"not the address of a database: {error}", hint)
        ) from error
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        what = f"Furrow keeps its state in SQLite or PostgreSQL, not in {address.get_backend_name()}"
        raise ConfigError(Problem("FURROW_DB", None, what))
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise ConfigError(Problem("FURROW_DB", None, "a database in memory would forget what was paid for"))
    return address


def _engine(url: URL, patience: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        # PostgreSQL allows 100 connections by default, and every task of a deployment is a process.
        return sa.create_engine(url, pool_pre_ping=True, pool_size=2, max_overflow=6, pool_timeout=patience)
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=4,
        max_overflow=28,
        pool_timeout=patience,
        connect_args={"timeout": patience, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    looks = _looks(patience)
    event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, patience, looks))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """A write-ahead log (readers and one writer at a time), flushed to the disk at every commit.

    synchronous=FULL and not NORMAL: with NORMAL a power cut may take back the last commits, and what they
    held was paid for. The price is one fsync per commit, and commits hold many calls.
    """
    connection.isolation_level = None  # transactions begin in _begin_sqlite, not where the driver guesses
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16000")


def _begin_sqlite(connection: Connection, patience: float, looks: Retrying) -> None:
    """A writer takes the lock first: a reader that becomes a writer cannot wait for its turn."""
    options = connection.get_execution_options()
    if not options.get(_WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options[_DURABLE] else 'NORMAL'}")
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        looks(connection.exec_driver_sql, "BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(patience * 1000)}")


def _looks(patience: float) -> Retrying:
    """Look again and again whether another process has ended its transaction."""
    return Retrying(
        retry=retry_if_exception(_is_busy),
        stop=stop_after_delay(patience),
        wait=wait_random(0.0, _LONGEST_LOOK_SECONDS),
        reraise=True,
    )


def _is_busy(error: BaseException) -> bool:
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", -1) & 0xFF == sqlite3.SQLITE_BUSY


# --- errors ----------------------------------------------------------------------------------------

_SQLITE: dict[int, type[FurrowError]] = {
    sqlite3.SQLITE_BUSY: StoreUnavailable,
    sqlite3.SQLITE_LOCKED: StoreUnavailable,
    sqlite3.SQLITE_PROTOCOL: StoreUnavailable,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_IOERR: StoreUnavailable,
    sqlite3.SQLITE_FULL: StoreUnavailable,
    sqlite3.SQLITE_NOMEM: StoreUnavailable,
    sqlite3.SQLITE_INTERRUPT: StoreUnavailable,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
    sqlite3.SQLITE_FORMAT: StoreDamaged,
    sqlite3.SQLITE_ERROR: StoreDamaged,  # no such table, no such column
    sqlite3.SQLITE_READONLY: RunError,
    sqlite3.SQLITE_PERM: RunError,
    sqlite3.SQLITE_AUTH: RunError,
}
_POSTGRES: dict[str, type[FurrowError]] = {
    "XX": StoreDamaged,
    "42": StoreDamaged,  # undefined table, undefined column
    "42501": RunError,  # permission denied
    "28": RunError,  # login refused
    "3D": RunError,  # no such database
    "25006": RunError,  # read-only
}


def _branch(error: exc.SQLAlchemyError) -> type[FurrowError] | None:
    """Where an error belongs in the tree of errors; None: it is a mistake in the code."""
    if isinstance(error, exc.TimeoutError):
        return StoreUnavailable
    if not isinstance(error, exc.DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get(getattr(error.orig, "sqlite_errorcode", -1) & 0xFF)
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
    if state in _POSTGRES or state[:2] in _POSTGRES:
        return _POSTGRES.get(state) or _POSTGRES[state[:2]]
    lost = isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated
    return StoreUnavailable if lost else None


def _words(error: exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip()
