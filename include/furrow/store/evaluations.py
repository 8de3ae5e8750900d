"""What each version reached on the test set, evaluation by evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from furrow.store.database import Database
from furrow.store.tables import evaluations

Json = dict[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """One version in one evaluation.

    evaluation: the run that did it; against: the live release that it was compared to; test_set: hash of the
    cases and of what pipeline.yaml asks of them; report: with the gate's checks and the comparison, as JSON.
    """

    use_case: str
    evaluation: str
    release: str
    version: str
    content_hash: str
    test_set: str
    decision: str
    at: datetime
    report: Json
    against: str | None = None
    report_uri: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it was over the whole test set, and not over some slices alone."""
        return not (self.report.get("scope") or {}).get("slices")


def accuracy_of(fields: Json | None) -> dict[str, float]:
    """Of each labelled field of a stored report."""
    return {
        name: field["accuracy"]
        for name, field in (fields or {}).items()
        if field.get("n") and field.get("accuracy") is not None
    }


_LOOKED_THROUGH = 50


class Evaluations:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(self, found: Iterable[Evaluated]) -> None:
        """Note what an evaluation found; again after a rerun, in its place."""
        rows = [asdict(each) for each in found]
        if not rows:
            return
        insert = self._database.insert(evaluations).values(rows)
        keys = ["use_case", "evaluation", "release"]
        again = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        upsert = insert.on_conflict_do_update(index_elements=keys, set_=again)
        self._database.write(lambda connection: connection.execute(upsert))

    def latest(self, use_case: str, release: str) -> Evaluated | None:
        """The newest evaluation of a release, whatever it was asked then; None: there is none."""
        found = self._rows(self._of(use_case).where(evaluations.c.release == release).limit(1))
        return found[0] if found else None

    def latest_whole(self, use_case: str, release: str) -> Evaluated | None:
        """The newest one over the whole test set: of some slices alone, nothing follows for a release."""
        of_release = self._of(use_case).where(evaluations.c.release == release).limit(_LOOKED_THROUGH)
        return next((each for each in self._rows(of_release) if each.whole), None)

    def newest(self, use_case: str, most: int) -> list[Evaluated]:
        """The newest ones first."""
        return self._rows(self._of(use_case).limit(most))

    def of_live(self, use_case: str, until: datetime, most: int) -> list[Evaluated]:
        """The newest evaluations, before `until`, of what was live at that time."""
        mine = self._of(use_case).where(evaluations.c.against.is_(None), evaluations.c.at < until)
        return self._rows(mine.limit(most))

    def of_test_set(self, use_case: str, test_set: str) -> dict[str, Evaluated]:
        """Release -> its newest evaluation on this test set."""
        found = self._rows(self._of(use_case).where(evaluations.c.test_set == test_set))
        return {each.release: each for each in reversed(found)}

    def of_evaluation(self, use_case: str, evaluation: str) -> list[Evaluated]:
        """What one evaluation found, by version."""
        wanted = self._of(use_case).where(evaluations.c.evaluation == evaluation)
        return sorted(self._rows(wanted), key=lambda each: each.version)

    def _of(self, use_case: str) -> sa.Select[Any]:
        newest_first = evaluations.c.at.desc(), evaluations.c.evaluation.desc()
        return evaluations.select().where(evaluations.c.use_case == use_case).order_by(*newest_first)

    def _rows(self, query: sa.Select[Any]) -> list[Evaluated]:
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Evaluated(**row) for row in rows]
