"""Registers Furrow's pages in Airflow's navigation, and the buttons on its tasks that lead to them."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from furrow.orchestration.links import ReportLink
from furrow.orchestration.mount import EXTERNAL_VIEWS, FASTAPI_APP


class FurrowPlugin(AirflowPlugin):
    """The navigation entry, the pages behind it, and the buttons."""

    name = "furrow"
    fastapi_apps = [FASTAPI_APP]  # noqa: RUF012 - Airflow's plugin interface
    external_views = EXTERNAL_VIEWS
    operator_extra_links = [ReportLink()]  # noqa: RUF012
