"""What calls usually take, from those that were bought."""

from __future__ import annotations

import sqlalchemy as sa

from furrow.engine.plan import Usual
from furrow.store.database import Database
from furrow.store.tables import calls

_NEWEST = 2_000


def usual_calls(database: Database, use_case: str) -> dict[tuple[str, str], Usual]:
    """(step, model alias) -> mean tokens of a use case's newest calls. Raises StoreUnavailable."""
    columns = (calls.c.step, calls.c.alias, calls.c.input_tokens, calls.c.output_tokens)
    newest = (
        sa.select(*columns)
        .where(calls.c.use_case == use_case)
        .order_by(calls.c.created_at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    means = sa.func.avg(newest.c.input_tokens), sa.func.avg(newest.c.output_tokens)
    query = sa.select(newest.c.step, newest.c.alias, *means).group_by(newest.c.step, newest.c.alias)
    rows = database.read(lambda connection: connection.execute(query).all())
    return {(step, alias): Usual(float(read), float(written)) for step, alias, read, written in rows}
