"""The embedded default: two local language models, a Kafka-compatible broker and Airflow on one machine.

`supervisor.up`, `supervisor.down` and `supervisor.status` are what the command line calls;
`connections.environment` is how a command finds the parts that are up.
"""
