"""The addresses of Furrow's pages, as a browser asks for them, and the button that leads to a report."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink

from furrow.config.loader import DIGEST_DAG, EVAL
from furrow.orchestration.addresses import PREFIX, below_base_url


class ReportLink(BaseOperatorLink):  # type: ignore[misc]
    """The button on the task that leads to the report: of a run, of an evaluation, or the digest."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The page of what the Airflow run stands for; of an evaluation, the one that lists its versions."""
        if ti_key.dag_id == DIGEST_DAG:
            return digest_url(ti_key.run_id)
        if ti_key.dag_id.endswith(EVAL):
            return evaluation_url(ti_key.dag_id.removesuffix(EVAL), ti_key.run_id)
        return run_url(ti_key.dag_id, ti_key.run_id)


def run_url(use_case: str, run_id: str) -> str:
    """The page of a run's report."""
    return below_base_url(f"{PREFIX}/run?{urlencode({'use_case': use_case, 'run_id': run_id})}")


def digest_url(run_id: str) -> str:
    """The page of a digest."""
    return below_base_url(f"{PREFIX}{digest_path(run_id)}")


def digest_path(run_id: str) -> str:
    """The same below the address of Furrow's pages."""
    return f"/digest?{urlencode({'run_id': run_id})}"


def evaluation_url(use_case: str, evaluation: str, version: str | None = None) -> str:
    """The page of an evaluation, or of one version in it."""
    query = {"use_case": use_case, "evaluation": evaluation}
    if version is not None:
        query["version"] = version
    return below_base_url(f"{PREFIX}/evaluation?{urlencode(query)}")


def evaluations_url(use_case: str) -> str:
    """The page with the evaluations and the releases of a use case."""
    return below_base_url(f"{PREFIX}/releases?{urlencode({'use_case': use_case})}")
