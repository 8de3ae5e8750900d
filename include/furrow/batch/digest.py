"""Collects a digest: what the last days were, from the state database and the run store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from furrow.batch.watching import WHO as GUARD
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, RunError
from furrow.evaluation.digest import (
    Accuracy,
    Digest,
    DriftAlarm,
    Quality,
    Reason,
    ReleaseEvent,
    Spent,
    UseCaseDigest,
    Worked,
    apart,
)
from furrow.evaluation.scope import Scope
from furrow.store.dead_letters import DeadLetters
from furrow.store.drift_looks import DriftLooks
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.ledger import Spending, SqlLedger
from furrow.store.releases import Entry, ReleaseLog, standing_of
from furrow.store.runs import FAILED, RUNNING, RunTable
from furrow.store.windows import Windows

Json = dict[str, Any]
DIGEST, DIGEST_PAGE, SENT = "digest.json", "digest.html", "sent.json"
"""The files of a digest in its folder of the run store."""
DAYS = 7
_A_DAY = timedelta(days=1)
_EVALUATIONS = 20
"""How far back to look for two evaluations of the whole test set."""


@dataclass(frozen=True)
class Books:
    """Where everything is written down."""

    ledger: SqlLedger
    windows: Windows
    runs: RunTable
    evaluations: Evaluations
    releases: ReleaseLog
    letters: DeadLetters
    drifts: DriftLooks


@dataclass(frozen=True)
class Span:
    """From `since` on, up to `until`; as many days before are what it is compared with."""

    until: datetime
    days: int

    @property
    def since(self) -> datetime:
        """When it begins."""
        return self.until - timedelta(days=self.days)

    @property
    def before(self) -> Span:
        """The days before."""
        return Span(self.since, self.days)

    def has(self, moment: datetime) -> bool:
        """Whether it is in these days."""
        return self.since <= moment < self.until


def collect(books: Books, loaded: Iterable[UseCase | Broken], until: datetime, days: int = DAYS) -> Digest:
    """The digest of so many days. A use case whose folder is gone is in it when it spent something.

    Raises StoreUnavailable (retry helps); what is damaged in one use case is said there.
    """
    span = Span(until.astimezone(UTC), days)
    spent, before = (books.ledger.spent_between(each.since, each.until) for each in (span, span.before))
    known = {each.name: each for each in loaded}
    names = sorted({*known, *spent, *before})
    found = (_use_case(books, name, known.get(name), span) for name in names)
    return Digest.of((_priced(each, spent, before) for each in found), span.since, span.until, days)


def _priced(found: UseCaseDigest, spent: dict[str, Spending], before: dict[str, Spending]) -> UseCaseDigest:
    both = {"spent": spent, "spent_before": before}
    return found.model_copy(
        update={name: Spent(**asdict(by.get(found.name, Spending()))) for name, by in both.items()}
    )


def _use_case(books: Books, name: str, loaded: UseCase | Broken | None, span: Span) -> UseCaseDigest:
    if isinstance(loaded, Broken):
        first = str(loaded.error).splitlines()[0]
        return UseCaseDigest(name=name, error=f"it does not load: {first}", **_noted(books, name, span))
    try:
        history = books.releases.history(name)
        return UseCaseDigest(
            name=name,
            release=_live(history, loaded),
            quality=_quality(books.evaluations, name, span),
            releases=[_event(entry) for entry in history if span.has(entry.at)],
            **_noted(books, name, span),
        )
    except (ConfigError, RunError) as error:
        return UseCaseDigest(name=name, error=f"it cannot be looked at: {error}")


def _noted(books: Books, name: str, span: Span) -> Json:
    """What is counted whether or not the folder loads."""
    runs = books.runs.started_between(name, span.since, span.until)
    return {
        "worked": _worked(books, name, span),
        "worked_before": _worked(books, name, span.before),
        "runs": len(runs),
        "runs_failed": sum(run.state == FAILED for run in runs),
        "runs_open": sum(run.state == RUNNING and run.started_at < span.until - _A_DAY for run in runs),
        "drift": _drift(books.drifts.alarms(name, span.since, span.until)),
        "reasons": [Reason(**asdict(each)) for each in books.letters.reasons(name, span.since, span.until)],
    }


def _drift(alarms: list[tuple[datetime, str]]) -> list[DriftAlarm]:
    """What alarmed, most often first, each with the newest that was said of it."""
    found: dict[str, DriftAlarm] = {}
    for at, said in alarms:
        what = said.partition(": ")[0]
        times = found[what].times + 1 if what in found else 1
        found[what] = DriftAlarm(what=what, times=times, said=said, at=at)
    return sorted(found.values(), key=lambda each: (-each.times, each.what))


def _worked(books: Books, name: str, span: Span) -> Worked:
    return Worked(**asdict(books.windows.totals(name, span.since, span.until)))


def _live(history: list[Entry], loaded: UseCase | None) -> str | None:
    standing = standing_of(history)
    if standing is not None:
        return standing.live.release
    return loaded.version().release if loaded is not None else None


def _event(entry: Entry) -> ReleaseEvent:
    return ReleaseEvent(
        at=entry.at,
        action=str(entry.action),
        release=entry.release,
        from_release=entry.from_release,
        who=entry.who,
        why=entry.why,
        guard=entry.who == GUARD,
    )


def _quality(evaluations: Evaluations, name: str, span: Span) -> Quality | None:
    """The last two evaluations of what was live, of those that speak for the release."""
    found = [each for each in evaluations.of_live(name, span.until, _EVALUATIONS) if _whole(each)]
    if not found:
        return None
    last, before = found[0], next(iter(found[1:]), None)
    same = before is not None and before.test_set == last.test_set
    return Quality(
        evaluation=last.evaluation,
        release=last.release,
        at=last.at,
        decision=last.decision,
        new=span.has(last.at),
        leaks=last.report.get("leaks", 0),
        before_release=before.release if before else None,
        before_at=before.at if before else None,
        same_cases=same,
        fields=dict(_accuracies(last.report, before.report if before else {}, same)),
    )


def _whole(found: Evaluated) -> bool:
    return not list(Scope.model_validate(found.report.get("scope", {})).reservations())


def _accuracies(now: Json, before: Json, same: bool) -> Iterator[tuple[str, Accuracy]]:
    """By field that the test set labels, in its order."""
    for name, found in now["fields"].items():
        if not found["n"]:
            continue
        other = before.get("fields", {}).get(name)
        other = other if other and other["n"] else None
        yield (
            name,
            Accuracy(
                n=found["n"],
                accuracy=found["accuracy"],
                before=other["accuracy"] if other else None,
                fell=bool(same and other and apart(found["interval"], other["interval"])),
            ),
        )
