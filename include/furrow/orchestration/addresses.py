"""Where Furrow's pages are, as a browser asks for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.configuration import conf

PREFIX = "/furrow"


def below_base_url(path: str) -> str:
    """The path when Airflow is served under a prefix of its host."""
    return urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/") + path
