# Airflow's own image with exactly the locked dependencies, and this project's code and prompts in it.
FROM apache/airflow:3.3.2-python3.11

# sync, not install: what the base image has beyond the lock goes, so that what runs is what was tested
COPY --chown=airflow:0 requirements.txt /opt/airflow/requirements.txt
RUN uv pip sync --no-cache --require-hashes /opt/airflow/requirements.txt

ENV PYTHONPATH=/opt/airflow/include \
    FURROW_HOME=/opt/airflow

# var is created here so that a fresh volume takes over its owner
RUN mkdir -p /opt/airflow/var \
    && printf '%s\n' '#!/usr/bin/env python' 'from furrow.cli import main' 'main()' > /home/airflow/.local/bin/furrow \
    && chmod +x /home/airflow/.local/bin/furrow

COPY --chown=airflow:0 include /opt/airflow/include
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 prompts /opt/airflow/prompts

USER 50000
