"""Where Furrow's pages are, as a browser asks for them, and what they find in the run store."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from airflow.configuration import conf

PREFIX = "/furrow"
LOOK = "experiment.json"
"""What a look at an experiment showed, in the run store's folder of the run."""


def dag_path(dag_id: str) -> str:
    """Airflow's page of a DAG, from one of ours."""
    return f"../dags/{quote(dag_id, safe='')}"


def dag_run_path(dag_id: str, run_id: str) -> str:
    """Airflow's page of a DAG run, from one of ours."""
    return f"{dag_path(dag_id)}/runs/{quote(run_id, safe='')}"


def below_base_url(path: str) -> str:
    """The path when Airflow is served under a prefix of its host."""
    return urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/") + path
