"""The only code that imports Airflow: DAGs, task bodies, retries, connections and the pages of the UI."""
