"""The embedded default on one machine: local models, a Kafka-compatible broker and Airflow.

`supervisor.up`, `supervisor.down` and `supervisor.status` are what the command line calls;
`connections.environment` is how a command finds the parts that are up.
"""
