"""What the page of a use case's releases and evaluations shows, and the stored page of one evaluation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from furrow.assembly import Deployment
from furrow.batch.evaluation import page_of
from furrow.errors import OptionUnknown
from furrow.store.evaluations import Evaluated
from furrow.store.releases import Entry, standing_of

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
    if not folder.exists(page_of(version)):
        raise OptionUnknown("there is no report of that version in that evaluation")
    return folder.read_text(page_of(version))
