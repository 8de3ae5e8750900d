"""The experiment of a use case: what it shows now, and its effect at each look that was taken."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from pydantic import AwareDatetime, BaseModel, FiniteFloat, ValidationError

from furrow.assembly import Deployment
from furrow.config.loader import EXPERIMENT
from furrow.errors import OptionUnknown, ReleaseChanged, StoreDamaged
from furrow.orchestration.addresses import LOOK, dag_path, dag_run_path
from furrow.orchestration.charts import Chart, Interval, over_looks
from furrow.store.run_store import RunFolder

Json = dict[str, Any]
log = logging.getLogger(__name__)
MOST_LOOKS = 90
SECONDS = 0.3
"""Where each file takes long to read, the chart begins with later looks."""
_DUE = re.compile(r"__(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))")


@dataclass(frozen=True)
class ExperimentPage:
    """look: as `Look.to_json`; chart: None before there is an effect; dag: Airflow's page of the looks."""

    look: Json
    chart: Chart | None
    dag: str


class _Arm(BaseModel):
    units: int


class _Effect(BaseModel):
    difference: FiniteFloat
    always: tuple[FiniteFloat, FiniteFloat]


class _Analysis(BaseModel):
    live: _Arm
    candidate: _Arm
    effect: _Effect | None


class _Look(BaseModel):
    """What the chart needs of `Look.to_json`; a file is not always as it was written."""

    analysis: _Analysis
    at: AwareDatetime | None = None


def experiment_page(deployment: Deployment, name: str) -> ExperimentPage | None:
    """What the outcomes that are in show; None without an experiment to look at.

    Raises StoreUnavailable, StoreDamaged.
    """
    try:
        look = deployment.experiment(name).look(read=False).to_json()
    except (OptionUnknown, ReleaseChanged):
        return None
    dag_id = f"{name}{EXPERIMENT}"
    taken = _taken(deployment.run_store.all_of(dag_id), dag_id, look["experiment"])
    now = _interval(look, datetime.now(UTC), dag_path(dag_id))
    found = [*sorted(taken, key=lambda each: each.at), *now]
    chart = over_looks("effect", "Effect of the candidate at each look", found) if found else None
    return ExperimentPage(look, chart, dag_path(dag_id))


def _taken(folder: RunFolder, dag_id: str, experiment: str) -> Iterator[Interval]:
    """The looks of the experiment's DAG at this experiment, the newest first; others had other arms."""
    deadline = time.monotonic() + SECONDS
    for due, run_id, file in _files(folder)[:MOST_LOOKS]:
        if time.monotonic() > deadline:
            return
        try:
            look = folder.read_json(file)
        except StoreDamaged as error:
            log.warning("a look is left out: %s", error)
            continue
        if look.get("experiment") == experiment:
            yield from _interval(look, due, dag_run_path(dag_id, run_id))


def _files(folder: RunFolder) -> list[tuple[datetime, str, str]]:
    """The files of looks, the newest first: the moment in the id of the run, that id, the file."""
    found = []
    for file in folder.list():
        run, _, name = file.partition("/")
        run_id = unquote(run)
        due = _due(run_id)
        if name == LOOK and due is not None:
            found.append((due, run_id, file))
    return sorted(found, reverse=True)


def _due(run_id: str) -> datetime | None:
    """The moment in it, where there is one; anybody may name a run."""
    try:
        return datetime.fromisoformat(found[1]).astimezone(UTC) if (found := _DUE.search(run_id)) else None
    except (ValueError, OverflowError):
        return None


def _interval(told: Json, due: datetime, href: str) -> Iterator[Interval]:
    """None before there are units enough for one, nor of what is no look."""
    try:
        look = _Look.model_validate(told)
    except ValidationError as error:
        log.warning("the look of %s is left out: %s", href, error)
        return
    analysis = look.analysis
    if effect := analysis.effect:
        units = analysis.live.units + analysis.candidate.units
        yield Interval(look.at or due, units, effect.difference, *effect.always, href)
