"""One Airflow DAG for each folder under prompts/; one that does not load is tagged `config-error`."""

from furrow.config.settings import Settings
from furrow.orchestration.dag_factory import build_dags

globals().update(build_dags(Settings.from_environment()))
