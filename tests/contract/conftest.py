"""Fixtures of the contract tests."""

from tests.databases import database, server, url

__all__ = ["database", "server", "url"]
