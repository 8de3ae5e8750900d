"""Furrow: a folder of prompts becomes an LLM pipeline on Apache Airflow."""

__version__ = "0.1.0"
