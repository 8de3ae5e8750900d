"""Registers Furrow's pages in Airflow's navigation. What they show is in furrow.orchestration.pages."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from furrow.orchestration.mount import EXTERNAL_VIEW, FASTAPI_APP


class FurrowPlugin(AirflowPlugin):
    """The navigation entry and the pages behind it."""

    name = "furrow"
    fastapi_apps = [FASTAPI_APP]  # noqa: RUF012 - Airflow's plugin interface
    external_views = [EXTERNAL_VIEW]  # noqa: RUF012
