"""One publisher of a view at a time: comparing with what is there and writing must not be torn apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock, Timeout

from furrow.config.settings import Settings
from furrow.errors import SinkUnavailable
from furrow.store.database import Database

PATIENCE_SECONDS = 120.0


@contextmanager
def publication_lock(settings: Settings, name: str, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Held for one publication: a file of this machine, or a lock of PostgreSQL for workers on several.

    A process that dies gives its lock back. Raises SinkUnavailable after `patience` seconds (retry helps).
    """
    late = f"another process has been publishing {name} for more than {patience:g} s"
    database = Database(settings.database)
    if database.dialect == "sqlite":
        place = settings.var / "features" / f".{name}.lock"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(place, timeout=patience):
                yield
        except Timeout as error:
            raise SinkUnavailable(late) from error
        return
    try:
        with database.engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{int(patience * 1000)}'"))
            number = sa.func.hashtextextended(f"furrow.features.{name}", 0)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
            yield
    except sa.exc.OperationalError as error:
        raise SinkUnavailable(f"{late}, or the state database went away: {error.orig}") from error
    finally:
        database.close()
