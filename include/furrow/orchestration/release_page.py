"""What the page of a use case's releases and evaluations shows, and the pages that were stored."""

from __future__ import annotations

import re
from dataclasses import dataclass

from furrow.assembly import Deployment
from furrow.batch.digest import DIGEST, DIGEST_PAGE
from furrow.batch.evaluation import page_of
from furrow.batch.run import PAGE
from furrow.config.loader import DIGEST_DAG
from furrow.errors import OptionUnknown
from furrow.evaluation.digest import Digest
from furrow.evaluation.digest_page import as_digest_page
from furrow.store.evaluations import Evaluated
from furrow.store.releases import Entry, standing_of
from furrow.store.run_store import RunFolder

MOST_EVALUATIONS = 100


@dataclass(frozen=True)
class ReleasePage:
    """live: the release that serves; versions: of the folder; log, evaluations: the newest first."""

    use_case: str
    live: str
    versions: list[str]
    canary: Entry | None
    log: list[Entry]
    evaluations: list[Evaluated]


def release_page(deployment: Deployment, name: str) -> ReleasePage:
    """Raises OptionUnknown, ConfigError, ReleaseChanged, StoreUnavailable."""
    history = deployment.releases.history(name)
    standing = standing_of(history)
    use_case = deployment.use_case(name)
    return ReleasePage(
        use_case=name,
        live=standing.live.release if standing is not None else use_case.version().release,
        versions=list(use_case.versions),
        canary=standing.canary if standing is not None else None,
        log=history[::-1],
        evaluations=deployment.evaluations.newest(name, MOST_EVALUATIONS),
    )


def evaluation_page(deployment: Deployment, use_case: str, evaluation: str, version: str) -> str:
    """The HTML that the evaluation stored. Raises OptionUnknown, StoreUnavailable."""
    if not re.fullmatch(r"v[1-9][0-9]*", version):
        raise OptionUnknown("a version is named like v2")
    folder = deployment.evaluation_folder(use_case, evaluation)
    return _stored(folder, page_of(version), "report of that version in that evaluation")


def run_page(deployment: Deployment, use_case: str, run_id: str) -> str:
    """The HTML that a run stored. Raises OptionUnknown, StoreUnavailable."""
    return _stored(deployment.run_store.run(use_case, run_id), PAGE, "report of that run: it has not ended")


def digest_page(deployment: Deployment, run_id: str) -> str:
    """A digest with links to the pages beside it; without its figures, the page that it stored.

    Raises OptionUnknown, StoreUnavailable, StoreDamaged.
    """
    folder = deployment.run_store.run(DIGEST_DAG, run_id)
    if not folder.exists(DIGEST):
        return _stored(folder, DIGEST_PAGE, "such digest")
    return as_digest_page(Digest.from_json(folder.read_json(DIGEST)), linked=True)


def _stored(folder: RunFolder, name: str, what: str) -> str:
    if not folder.exists(name):
        raise OptionUnknown(f"there is no {what}")
    return folder.read_text(name)
